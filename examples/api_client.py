"""Lift and edit a photo in a running studio: start `python app.py --api`, then run this with its address and a photo.

It needs nothing of this repository but gradio_client, so it works from any machine that reaches the studio.
"""

import argparse
import shutil

from gradio_client import Client, handle_file

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("studio", help="its address, such as http://127.0.0.1:7860")
parser.add_argument("photo", help="JPEG, PNG, WebP or HEIC")
parser.add_argument("--prompt", default="add a red chair", help="what to change")
parser.add_argument("--secret", help="of a studio that asks for one")
parser.add_argument("-o", "--out", default="scene.zip", help="the edited scene as glTF, points and camera (scene.zip)")
given = parser.parse_args()

headers = {"Authorization": f"Bearer {given.secret}"} if given.secret else None
studio = Client(given.studio, headers=headers, verbose=False)

scene, depth, lifted = studio.predict(photo=handle_file(given.photo), api_name="/lift")
print(f"{lifted['points']} points by {lifted['model']} ({lifted['licence']}) in {lifted['seconds']} s")

scene, photo, edited = studio.predict(scene=handle_file(scene), prompt=given.prompt, api_name="/edit")
print(*edited["understood"])
for thing in edited["objects"]:
    print(f"object {thing['id']}: {thing['name']}")

archive, written = studio.predict(scene=handle_file(scene), formats=["glb", "ply", "camera"], api_name="/export")
shutil.move(archive, given.out)
print(f"{given.out}: {', '.join(row['label'] for row in written['formats'])}")
