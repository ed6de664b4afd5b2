"""README.txt: which file is for which program, the unit and the axes, for whoever opens the zip."""

from pathlib import Path

from wt.exports.job import ExportJob

LINES = {
    "ply": "pointcloud.ply, layer_*.ply: coloured points, whole and layer by layer; MeshLab, CloudCompare, Blender",
    "glb": "scene.glb, mesh.glb: points and surfaces; Blender, Unity, Unreal, Godot, web viewers",
    "obj": "mesh.obj with its .mtl: surfaces; Maya, Cinema 4D, Houdini, 3ds Max",
    "usdz": "scene.usdz: the scene for Apple devices, usdview, Houdini, Omniverse",
    "gaussians": "gaussians.ply: splats; SuperSplat, PlayCanvas, Unreal and Unity splat plug-ins",
    "depth": "depth/: z of every layer, EXR for Nuke, After Effects and Fusion, 16-bit PNG; depth.json says the scale",
    "npz": "layers.npz: every number as NumPy arrays",
    "transforms": "transforms.json with images/ and sparse_pc.ply: nerfstudio, Instant NGP",
    "colmap": "colmap/: photo, camera and points as a COLMAP text model; gsplat, Postshot, Metashape",
    "camera": "camera.json: the photo's camera in pixels, in millimetres, and as Blender has it",
    "blender": "open_in_blender.py: run blender --python open_in_blender.py, or open it in the Scripting tab",
    "viewer": "viewer.html: a double click shows the scene in a browser, without a network",
    "video": "the .mp4 films: a turn around what was added, and a camera path",
    "wts": "scene.wts: opens again in World Tracing Studio",
    "png": "before.png, after.png: the photo before and after the edits",
}


def write(job: ExportJob) -> list[Path]:
    """README.txt, of the formats that were written so far."""
    told = job.units()
    metres, known = told["metres_per_unit"], job.scene.units == "metres"
    size = "" if metres is None or known else f"; 1 is about {metres:.3g} m, as {told['metres_assume']}"
    lines = [
        f"{job.scene.background.name}: a scene from World Tracing Studio",
        "",
        *(f"* {LINES[name]}" for name, paths in job.written.items() if paths and name in LINES),
        "",
        f"Units: {job.scene.units}{size}.",
        f"Axes: {job.axes.text}.",
        "glTF and USD files have y up, nerfstudio's and Blender's scene z up, as their standards say.",
        "Layer 0 is what the photo shows; deeper layers are predicted behind it.",
    ]
    return [job.save("README.txt", "\n".join(lines) + "\n")]
