"""The layers a drawn person is taken apart into: each has what is its own."""

import pytest

from engine.painting.puppet import Puppet, take_apart
from engine.painting.retarget import Rig
from engine.seeing.matte import best_pose, person_matte
from engine.seeing.pose import PoseModel
from sandbox.drawing.body import Stance
from sandbox.drawing.figures import BUILDS, Scene

SIZE = (360, 480)


@pytest.fixture(scope="module")
def puppet(model: PoseModel) -> Puppet:
    """Of somebody with a striped shirt and green sleeves, arms hanging."""
    picture = Scene(BUILDS["ben"], "studio", SIZE).draw(Stance())[0]
    pose = best_pose(model, picture)
    assert pose is not None
    return take_apart(picture, person_matte(picture, pose), Rig.of(pose, SIZE))


def test_a_sleeve_takes_no_stripe_of_the_shirt_along(puppet: Puppet) -> None:
    for arm in puppet.arms:
        assert arm is not None
        shown = arm.pixels[arm.pixels[..., 3] > 200][:, :3]
        stripe = shown.min(1) > 150  # pale: neither sleeve nor hand is
        assert len(shown) > 500
        assert stripe.mean() < 0.015
