"""The way to a lifted and to an edited scene, driven by the verbs."""


def lifted(controller, session, photo_file, **more):
    controller.photo.open(session, photo_file)
    job = controller.geometry.lift(session, "scene", **more)
    assert job.wait(30)
    assert job.state == "done", job.message
    return session.now.scene


def edited(controller, session, prompt="add a box", at=(40, 50)):
    controller.edit.pin(session, *at)
    job = controller.edit.run(session, prompt)
    assert job.wait(30)
    assert job.state == "done", job.message
