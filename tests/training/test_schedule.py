from __future__ import annotations

import numpy as np
import pytest

pytestmark = pytest.mark.usefixtures("keras")


def expected(step, peak, steps, warmup):
    """A line from 5 % of the peak up to it, then half a cosine down to 0.1 %: written out for one step."""
    done = step / steps
    if done < warmup:
        return peak * (0.05 + 0.95 * done / warmup)
    fallen = min(1.0, (done - warmup) / (1 - warmup))
    return peak * (0.001 + 0.999 * (1 + np.cos(np.pi * fallen)) / 2)


@pytest.mark.parametrize(("peak", "steps", "warmup"), [(0.016, 1000, 0.2), (1.0, 7, 0.5), (0.1, 50, 0.0)])
def test_against_the_formula(peak, steps, warmup):
    from inkread.training.schedule import OneCycle

    schedule = OneCycle(peak, steps, warmup)
    for step in {0, 1, steps // 10, round(steps * warmup), steps // 2, steps - 1, steps, 2 * steps}:
        assert float(schedule(step)) == pytest.approx(expected(step, peak, steps, warmup), rel=1e-4, abs=1e-7)


def test_the_shape_of_the_cycle():
    from inkread.training.schedule import OneCycle

    rates = np.array([float(OneCycle(0.016, 200, 0.2)(step)) for step in range(201)])
    assert rates[0] == pytest.approx(0.016 / 20)
    assert rates.argmax() == 40
    assert rates[40] == pytest.approx(0.016)
    assert (np.diff(rates[:41]) > 0).all()
    assert (np.diff(rates[40:]) < 0).all()
    assert rates[-1] == pytest.approx(0.016 / 1000, rel=1e-3)


def test_keras_can_write_it_down_and_build_it_again():
    from inkread.training.schedule import OneCycle

    again = OneCycle.from_config(OneCycle(0.5, 30, 0.1).get_config())
    assert float(again(11)) == float(OneCycle(0.5, 30, 0.1)(11))
