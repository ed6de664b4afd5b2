"""Runs an exported open_in_blender.py in a real Blender and says, as JSON, what it finds there.

`python in_blender.py FOLDER POINTS.npy PICTURE.png`: POINTS are z up; their pixels come from Blender's own camera.
"""

import json
import runpy
import sys

import bpy
import numpy as np
from bpy_extras.object_utils import world_to_camera_view
from mathutils import Vector

folder, points, picture = sys.argv[1:]
runpy.run_path(f"{folder}/open_in_blender.py", run_name="__main__")
scene = bpy.data.scenes["World Tracing"]
bpy.context.window.scene = scene
shown = sorted(thing.name for thing in scene.objects if thing.type == "MESH" and not thing.hide_get())
for thing in scene.objects:  # now the points, which have one colour a pixel
    if thing.type == "MESH":
        thing.hide_render = not thing.name.endswith("points")
        thing.hide_set(thing.hide_render)
bpy.context.view_layer.update()
width, height = scene.render.resolution_x, scene.render.resolution_y
seen = [world_to_camera_view(scene, scene.camera, Vector(point)) for point in np.load(points).tolist()]

depsgraph = bpy.context.evaluated_depsgraph_get()
clouds = {}
for instance in depsgraph.object_instances:
    if instance.object.type == "POINTCLOUD":
        cloud = instance.object.data
        clouds[instance.object.name] = [len(cloud.points), sorted(cloud.attributes.keys())]

scene.render.engine, scene.cycles.device, scene.cycles.samples = "CYCLES", "CPU", 1
scene.cycles.use_denoising = False
scene.render.threads_mode, scene.render.threads = "FIXED", 1
scene.cycles.pixel_filter_type, scene.cycles.filter_width = "BOX", 0.01
scene.render.filepath = picture
bpy.ops.render.render(write_still=True, scene=scene.name)

camera = scene.camera.data
found = {
    "version": bpy.app.version_string,
    "size": [width, height],
    "pixels": [[at.x * width, (1 - at.y) * height, at.z] for at in seen],
    "clouds": clouds,
    "shown": shown,
    "collections": {made.name: sorted(thing.name for thing in made.objects) for made in scene.collection.children},
    "behind": [entry.image.filepath for entry in camera.background_images],
    "unit": [scene.unit_settings.system, scene.unit_settings.scale_length],
    "surfaces": {
        thing.name: [material.name for material in thing.data.materials]
        for thing in scene.objects
        if thing.name.endswith("surface")
    },
    "others": [other.name for other in bpy.data.scenes if other != scene],
}
sys.stdout.write("\nFOUND " + json.dumps(found) + "\n")
