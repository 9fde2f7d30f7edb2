import numpy as np
import pytest

from sim.pressure import CROWDED_PER_M2, PressureMap

X, Y = np.arange(0.5, 8), np.arange(0.5, 6)


def crowd(rng, seconds=20, every_s=0.5, spread_mps=0.3):
    """Three hundred people who jostle: places and velocities at every instant."""
    place = rng.uniform((0, 0), (8, 6), (300, 2))
    for _ in range(round(seconds / every_s)):
        velocity = rng.normal((0.4, 0.0), spread_mps, (300, 2))
        yield place, velocity
        place = np.clip(place + rng.normal(0, 0.05, place.shape), 0, (8, 6))


def test_pressure_is_what_the_paper_says():
    """Held against the equations, written out for every place and instant."""
    instants = list(crowd(np.random.default_rng(3)))
    ours = PressureMap(X, Y, 0.5)
    for place, velocity in instants:
        ours.add(place, velocity)
    centres = np.stack(np.meshgrid(X, Y), axis=-1)
    density, local = [], []
    for place, velocity in instants:
        square = ((centres[:, :, None] - place) ** 2).sum(axis=-1)
        weight = np.exp(-square) / np.pi
        density.append(weight.sum(axis=-1))
        local.append((weight[..., None] * velocity).sum(axis=2) / density[-1][..., None])
    best = np.zeros((6, 8))
    for end in range(20, len(instants) + 1):
        rho, v = np.mean(density[end - 20 : end], axis=0), np.array(local[end - 20 : end])
        var = ((v - v.mean(axis=0)) ** 2).sum(axis=-1).mean(axis=0)
        best = np.maximum(best, np.where(rho >= CROWDED_PER_M2, rho * var, 0.0))
    assert (best > 0).sum() > 30
    assert ours.peak_per_s2 == pytest.approx(best, rel=2e-3)
    assert ours.peak == pytest.approx(best.max(), rel=2e-3)


def test_who_jostles_more_presses_more_and_who_flows_evenly_not_at_all():
    peaks = []
    for spread in (0.0, 0.2, 0.6):
        pressure = PressureMap(X, Y, 0.5)
        for place, velocity in crowd(np.random.default_rng(4), spread_mps=spread):
            pressure.add(place, velocity)
        peaks.append(pressure.peak or 0.0)
    assert peaks[0] == pytest.approx(0.0, abs=1e-9)
    assert 0.001 < peaks[1] < peaks[2] / 5


def test_a_thin_crowd_and_a_short_one_have_none():
    thin, short = PressureMap(X, Y, 0.5), PressureMap(X, Y, 0.5)
    for place, velocity in crowd(np.random.default_rng(5), spread_mps=1.0):
        thin.add(place[:20], velocity[:20])
    for place, velocity in list(crowd(np.random.default_rng(5)))[:15]:
        short.add(place, velocity)
    assert thin.peak is None
    assert short.peak is None
