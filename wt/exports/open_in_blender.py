"""This scene in Blender (4.2 or newer): points, surfaces and the photo's own camera with the photo behind it.

Keep this file in the folder that it came in. Then either

    blender --python open_in_blender.py

or open it in Blender's Scripting tab and press Run. It makes a new scene; what is open in Blender is left alone.
"""

import math
from pathlib import Path
from typing import Any

import bpy
import numpy as np

SCENE: dict[str, Any] = {}

TITLE, COLOUR, RADIUS = "World Tracing", "colour", "radius"
NUMPY_OF_PLY = {"float": "<f4", "double": "<f8", "uchar": "u1", "short": "<i2", "int": "<i4"}


def main() -> None:
    """Build the scene and look through its camera."""
    folder = folder_of_files()
    scene = bpy.data.scenes.new(TITLE)
    if bpy.context.window:
        bpy.context.window.scene = scene
    with bpy.context.temp_override(scene=scene, view_layer=scene.view_layers[0]):
        collections = {ident: collection(scene, name) for ident, name in SCENE["things"].items()}
        clouds = add_points(folder / SCENE["points"], collections)
        if SCENE["meshes"]:
            add_meshes(folder / SCENE["meshes"], collections)
            for cloud in clouds:  # surfaces are seen first; the eye and the camera in the outliner bring points back
                cloud.hide_set(True, view_layer=scene.view_layers[0])
                cloud.hide_render = True
        add_camera(folder / SCENE["photo"], scene)
    set_up(scene)
    show(scene)


def folder_of_files() -> Path:
    """Where the exported files lie; the text editor does not always say where its text came from."""
    texts = [bpy.path.abspath(text.filepath) for text in bpy.data.texts if text.filepath]
    places = [Path(__file__).resolve().parent, *(Path(text).parent for text in texts), Path(bpy.path.abspath("//"))]
    for place in places:
        if (place / SCENE["points"]).is_file():
            return place
    raise RuntimeError(f"{SCENE['points']} is not beside open_in_blender.py. Keep the exported files in one folder.")


def collection(scene: Any, name: str) -> Any:
    """A collection of its own for one thing."""
    made = bpy.data.collections.new(name)
    scene.collection.children.link(made)
    return made


def add_points(path: Path, collections: dict[int, Any]) -> list[Any]:
    """One object for every thing and layer; colours and the size of every point are attributes of its vertices."""
    table = read_ply(path)
    group, material = point_nodes(), photo_material(COLOUR)
    group.nodes["Set Material"].inputs["Material"].default_value = material
    made = []
    for ident, layer in np.unique(np.stack([table["object_id"], table["layer"]], axis=1), axis=0).tolist():
        rows = table[(table["object_id"] == ident) & (table["layer"] == layer)]
        name = f"{SCENE['things'][ident]} layer {layer} points"
        thing = bpy.data.objects.new(name, point_mesh(name, rows))
        thing.data.materials.append(material)
        thing.modifiers.new("Points", "NODES").node_group = group
        collections[ident].objects.link(thing)
        made.append(thing)
    return made


def read_ply(path: Path) -> np.ndarray:
    """The vertices of a binary PLY."""
    head, _, body = path.read_bytes().partition(b"end_header\n")
    lines = [line.split() for line in head.decode("ascii", "replace").splitlines()]
    fields = [(line[2], NUMPY_OF_PLY[line[1]]) for line in lines if line[0] == "property"]
    count = next(int(line[2]) for line in lines if line[:2] == ["element", "vertex"])
    return np.frombuffer(body, fields, count)


def point_mesh(name: str, rows: np.ndarray) -> Any:
    """Vertices without faces, z up; the camera looks along +y, so y is the depth."""
    xyz = np.stack([rows[axis] for axis in "xyz"], axis=1) @ np.array(SCENE["to_blender"]).T
    rgba = np.ones((len(rows), 4), np.float32)
    rgba[:, :3] = np.stack([rows[channel] for channel in ("red", "green", "blue")], axis=1) / 255
    mesh = bpy.data.meshes.new(name)
    mesh.vertices.add(len(rows))
    mesh.vertices.foreach_set("co", xyz.astype(np.float32).ravel())
    mesh.color_attributes.new(COLOUR, "BYTE_COLOR", "POINT").data.foreach_set("color_srgb", rgba.ravel())
    sizes = (SCENE["radius_per_depth"] * xyz[:, 1]).astype(np.float32)
    mesh.attributes.new(RADIUS, "FLOAT", "POINT").data.foreach_set("value", sizes)
    mesh.update()
    return mesh


def point_nodes() -> Any:
    """Geometry nodes that turn vertices into points as large as the pixels they were seen in."""
    group = bpy.data.node_groups.new(f"{TITLE} points", "GeometryNodeTree")
    group.interface.new_socket("Geometry", in_out="INPUT", socket_type="NodeSocketGeometry")
    group.interface.new_socket("Geometry", in_out="OUTPUT", socket_type="NodeSocketGeometry")
    begin, end = group.nodes.new("NodeGroupInput"), group.nodes.new("NodeGroupOutput")
    size = group.nodes.new("GeometryNodeInputNamedAttribute")
    size.data_type = "FLOAT"
    size.inputs["Name"].default_value = RADIUS
    points, paint = group.nodes.new("GeometryNodeMeshToPoints"), group.nodes.new("GeometryNodeSetMaterial")
    paint.name = "Set Material"
    group.links.new(begin.outputs["Geometry"], points.inputs["Mesh"])
    group.links.new(size.outputs["Attribute"], points.inputs["Radius"])
    group.links.new(points.outputs["Points"], paint.inputs["Geometry"])
    group.links.new(paint.outputs["Geometry"], end.inputs["Geometry"])
    for step, node in enumerate((begin, size, points, paint, end)):
        node.location = (220 * step, 0)
    return group


def photo_material(attribute: str) -> Any:
    """Shows a colour attribute as it is: the photo's light is in it already."""
    name = f"{TITLE} {attribute}"
    if name in bpy.data.materials:
        return bpy.data.materials[name]
    material = bpy.data.materials.new(name)
    if material.node_tree is None:  # Blender 4
        material.use_nodes = True
    nodes, links = material.node_tree.nodes, material.node_tree.links
    nodes.clear()
    colour, glow = nodes.new("ShaderNodeAttribute"), nodes.new("ShaderNodeEmission")
    colour.attribute_name = attribute
    end = nodes.new("ShaderNodeOutputMaterial")
    links.new(colour.outputs["Color"], glow.inputs["Color"])
    links.new(glow.outputs["Emission"], end.inputs["Surface"])
    for step, node in enumerate((colour, glow, end)):
        node.location = (220 * step, 0)
    return material


def add_meshes(path: Path, collections: dict[int, Any]) -> None:
    """The surfaces, in the collections of their things."""
    known = set(bpy.data.objects)
    bpy.ops.import_scene.gltf(filepath=str(path))
    made = [thing for thing in bpy.data.objects if thing not in known]
    for thing in [thing for thing in made if thing.type == "MESH"]:
        place = thing.matrix_world.copy()
        thing.parent, thing.matrix_world = None, place
        for old in list(thing.users_collection):
            old.objects.unlink(thing)
        collections[int(thing.get("object_id", 0))].objects.link(thing)
        thing.name = f"{thing.name} surface"
        if thing.data.color_attributes and not thing.data.uv_layers:
            thing.data.materials.clear()
            thing.data.materials.append(photo_material(thing.data.color_attributes[0].name))
    for thing in [thing for thing in made if thing.type != "MESH"]:
        bpy.data.objects.remove(thing)


def add_camera(photo: Path, scene: Any) -> None:
    """The photo's own camera, at the origin, with its exact lens and the photo behind everything."""
    lens, render = SCENE["lens"], scene.render
    camera = bpy.data.cameras.new("photo camera")
    camera.sensor_fit, camera.sensor_width, camera.lens = lens["sensor_fit"], lens["sensor_width"], lens["lens"]
    camera.shift_x, camera.shift_y = lens["shift_x"], lens["shift_y"]
    camera.clip_start, camera.clip_end = SCENE["near"] / 10, SCENE["far"] * 10
    render.resolution_x, render.resolution_y, render.resolution_percentage = (
        *(lens["resolution_x"], lens["resolution_y"]),
        100,
    )
    render.pixel_aspect_x, render.pixel_aspect_y = lens["pixel_aspect_x"], lens["pixel_aspect_y"]
    if photo.is_file():
        behind = camera.background_images.new()
        behind.image = bpy.data.images.load(str(photo))
        behind.alpha, behind.frame_method, behind.display_depth = 1.0, "STRETCH", "BACK"
        camera.show_background_images = True
    thing = bpy.data.objects.new("photo camera", camera)
    thing.rotation_euler = (math.pi / 2, 0.0, 0.0)  # a camera looks along its own -z: now along +y, z up
    scene.collection.objects.link(thing)
    scene.camera = thing


def set_up(scene: Any) -> None:
    """Colours as in the photo, and lengths in metres where the size of a scene unit is known."""
    scene.view_settings.view_transform = "Standard"
    metres = SCENE["metres_per_unit"]
    scene.unit_settings.system = "NONE" if metres is None else "METRIC"
    scene.unit_settings.scale_length = 1.0 if metres is None else metres
    scene["units"], scene["source"] = SCENE["units"], "World Tracing Studio"


def show(scene: Any) -> None:
    """Every 3D view looks through the camera and shows materials; without a window there is nothing to do."""
    for window in bpy.context.window_manager.windows if not bpy.app.background else ():
        window.scene = scene
        for area in window.screen.areas:
            if area.type == "VIEW_3D":
                area.spaces.active.shading.type = "MATERIAL"
                area.spaces.active.region_3d.view_perspective = "CAMERA"


if __name__ == "__main__":
    main()
