"""What the callback makes: joins, jumps and loops to the sample, and nothing that steps."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from showctl.model.player import Mode
from showctl.sound.player.mixer import DECLICK_S, Mixer, Start
from tests.sound.player.sources import RATE, Whole, noise, playing, rendered, tone

SOFT = round(DECLICK_S * RATE)


def test_nothing_asked_is_silence() -> None:
    mixer = Mixer(3, RATE)
    assert not rendered(mixer, 1000).any()
    assert (mixer.mode, mixer.take, mixer.frames) == (Mode.STOPPED, 0, 1000)


def test_a_track_is_played_as_it_is_and_then_it_is_silent() -> None:
    one = noise(10_001)
    mixer = playing(one)
    out = rendered(mixer, 12_000)
    assert np.array_equal(out[:10_001], one.samples)
    assert not out[10_001:].any()
    assert mixer.mode is Mode.ENDED


@given(st.integers(1, 3000), st.integers(1, 3000), st.integers(1, 700))
def test_what_follows_joins_to_the_sample_whatever_the_block(first: int, second: int, block: int) -> None:
    one, two = noise(first, 1), noise(second, 2)
    mixer = playing(one)
    mixer.follow(Start(two, 2, 0.0))
    out = rendered(mixer, first + second + 100, block)
    assert np.array_equal(out[: first + second], np.concatenate((one.samples, two.samples)))
    assert not out[first + second :].any()


@given(st.integers(1, 2000))
def test_how_it_is_cut_into_blocks_changes_nothing(block: int) -> None:
    def night(size: int) -> np.ndarray:
        mixer = playing(noise(20_000))
        mixer.follow(Start(noise(20_000, 2), 2, 0.0, into=4000, power=True))
        mixer.loop((5000.0, 9000.0))
        mixer.play(Start(noise(30_000, 3), 3, 700.0, when=8000.0))
        return rendered(mixer, 40_000, size)

    assert np.array_equal(night(block), night(256))


def test_a_loop_wraps_to_the_sample_and_its_first_beat_is_whole() -> None:
    one = noise(48_000)
    mixer = playing(one)
    mixer.loop((12_000.0, 24_000.0))
    out = rendered(mixer, 50_000)
    assert np.array_equal(out[: 24_000 - SOFT], one.samples[: 24_000 - SOFT])
    for begins in (24_000, 36_000):
        assert np.array_equal(out[begins : begins + 12_000 - SOFT], one.samples[12_000 : 24_000 - SOFT])
    mixer.loop(None)
    there = int(mixer.position)
    assert np.array_equal(rendered(mixer, 5000), one.samples[there : there + 5000])


@pytest.mark.parametrize("speed", [0.5, 0.7, 1.0, 1.37, 2.0])
@pytest.mark.parametrize("first", [0.0, 3.0, 12_000.0])
def test_a_loop_goes_round_at_any_speed_and_from_the_very_beginning(first: float, speed: float) -> None:
    mixer = playing(noise(96_000), at=first)
    mixer.speed = speed
    mixer.run_at(speed)
    mixer.loop((first, first + 9000.0))
    length = 9000.0 / speed
    rendered(mixer, round(10.5 * length))
    assert mixer.position == pytest.approx(first + 4500.0, abs=5.0), "half a round after ten, in which no beat is lost"


@pytest.mark.parametrize("first", [0.0, 4800.0])
@pytest.mark.parametrize("beyond", [0.0, 480.0])
@pytest.mark.parametrize("speed", [0.7, 1.0, 1.3])
def test_a_loop_to_the_very_end_goes_round_and_does_not_end(first: float, beyond: float, speed: float) -> None:
    mixer = playing(noise(RATE))
    mixer.run_at(speed)
    mixer.loop((first, RATE + beyond))
    rendered(mixer, 4 * RATE)
    assert mixer.mode is Mode.PLAYING
    mixer.loop(None)
    rendered(mixer, 2 * RATE)
    assert mixer.mode is Mode.ENDED


def test_a_loop_at_the_end_of_a_track_keeps_the_next_one_waiting() -> None:
    mixer = playing(noise(RATE))
    mixer.follow(Start(noise(RATE, 2), 2, 0.0, into=RATE // 2, power=True))
    mixer.loop((RATE / 4, RATE))
    rendered(mixer, 4 * RATE)
    assert mixer.take == 1
    mixer.loop(None)
    rendered(mixer, RATE)
    assert mixer.take == 2


def test_what_waits_for_a_bar_at_the_very_end_comes_then() -> None:
    mixer = playing(noise(RATE))
    mixer.follow(Start(noise(RATE, 2), 2, 0.0))
    mixer.play(Start(noise(RATE, 3), 3, 0.0, when=float(RATE)))
    rendered(mixer, RATE + 100)
    assert mixer.take == 3


def test_a_loop_too_short_to_be_heard_as_one_is_none() -> None:
    one = noise(20_000)
    mixer = playing(one)
    mixer.loop((1000.0, 1100.0))
    assert np.array_equal(rendered(mixer, 15_000), one.samples[:15_000])


def test_a_jump_waits_for_its_place_and_lands_on_the_sample() -> None:
    one = noise(96_000)
    mixer = playing(one)
    mixer.play(Start(one, 2, 60_000.0, when=24_000.0))
    out = rendered(mixer, 40_000)
    assert np.array_equal(out[: 24_000 - SOFT], one.samples[: 24_000 - SOFT])
    assert np.array_equal(out[24_000:], one.samples[60_000 : 60_000 + 16_000])
    assert mixer.take == 2


def test_what_waits_for_the_end_of_a_loop_comes_there() -> None:
    one, two = noise(48_000), noise(48_000, 2)
    mixer = playing(one)
    mixer.loop((12_000.0, 24_000.0))
    mixer.play(Start(two, 2, 0.0, when=24_000.0))
    out = rendered(mixer, 30_000)
    assert np.array_equal(out[:24_000], one.samples[:24_000])
    assert (mixer.take, mixer.position) == (2, 6000.0)


def test_a_jump_whose_file_came_long_after_its_place_takes_nothing_from_the_song() -> None:
    one, two = noise(96_000), noise(48_000, 2)
    mixer = playing(one)
    rendered(mixer, 48_000)
    mixer.play(Start(two, 2, 0.0, when=24_000.0))
    out = rendered(mixer, 1000)
    assert np.array_equal(out[SOFT:], two.samples[SOFT:1000])


def test_a_jump_whose_place_has_just_passed_keeps_the_beat() -> None:
    one = noise(96_000)
    mixer = playing(one)
    rendered(mixer, 10_240)
    mixer.play(Start(one, 2, 60_000.0, when=10_000.0))
    out = rendered(mixer, 4096)
    late = 10_240 - (10_000 - SOFT)
    assert np.array_equal(out[SOFT:], one.samples[60_000 - SOFT + late + SOFT :][: 4096 - SOFT])


@pytest.mark.parametrize("deed", ["pause", "stop", "seek", "other", "end of a loop", "jump"])
def test_nothing_steps(deed: str) -> None:
    one = tone(96_000)
    steepest = float(np.abs(np.diff(one.samples[:, 0])).max())
    mixer = playing(one)
    first = rendered(mixer, 4321)
    match deed:
        case "pause":
            mixer.pause()
        case "stop":
            mixer.stop(0)
        case "seek":
            mixer.play(Start(one, 2, 33_333.0))
        case "other":
            mixer.play(Start(tone(50_000, 330.0), 2, 100.0))
        case "end of a loop":
            mixer.loop((1000.0, 5555.0))
        case "jump":
            mixer.play(Start(one, 2, 70_001.0, when=6000.0))
    out = np.concatenate((first, rendered(mixer, 20_000)))
    ramp = 0.5 / SOFT  # of the fade itself
    assert np.abs(np.diff(out[:, 0])).max() <= 2 * steepest + ramp


def test_pause_stands_still_and_goes_on_on_the_very_sample() -> None:
    one = noise(48_000)
    mixer = playing(one)
    rendered(mixer, 1024)
    mixer.pause()
    quiet = rendered(mixer, 4096)
    assert mixer.mode is Mode.PAUSED
    assert mixer.position == 1024
    assert not quiet[SOFT:].any()
    mixer.resume()
    out = rendered(mixer, 4096)
    assert np.array_equal(out[SOFT:], one.samples[1024 + SOFT : 1024 + 4096])


@pytest.mark.parametrize("deed", ["resume", "pause", "play"])
def test_what_goes_out_already_does_not_come_up_again(deed: str) -> None:
    """A long fade is all but over when the music is wanted again, or is to be quiet at once."""
    mixer = playing(tone(96_000))
    rendered(mixer, 1000)
    mixer.stop(20_000)
    rendered(mixer, 19_000)
    if deed == "play":
        mixer.play(Start(Whole(np.zeros((96_000, 2), np.float32)), 2, 0.0))
    else:
        mixer.pause() if deed == "pause" else mixer.resume()
    assert np.abs(rendered(mixer, 50)).max() < 0.2


@pytest.mark.parametrize("what", ["follow", "loop"])
def test_what_comes_by_itself_still_does_after_a_pause(what: str) -> None:
    mixer, two = playing(noise(20_000)), noise(20_000, 2)
    mixer.follow(Start(two, 2, 0.0)) if what == "follow" else mixer.loop((5000.0, 12_000.0))
    rendered(mixer, 6000)
    mixer.pause()
    rendered(mixer, 2000)
    mixer.resume()
    rendered(mixer, 20_000)
    assert (mixer.mode, mixer.take) == (Mode.PLAYING, 2 if what == "follow" else 1)


def test_nothing_comes_by_itself_after_a_stop() -> None:
    mixer = playing(noise(20_000))
    mixer.follow(Start(noise(20_000, 2), 2, 0.0))
    rendered(mixer, 6000)
    mixer.stop(100)
    rendered(mixer, 2000)
    mixer.resume()
    rendered(mixer, 20_000)
    assert (mixer.mode, mixer.take) == (Mode.ENDED, 1)


def test_stop_goes_out_in_its_time_and_can_be_taken_back() -> None:
    one = noise(96_000)
    mixer = playing(one)
    rendered(mixer, 1024)
    mixer.stop(9600)
    out = rendered(mixer, 9600 + 256)
    assert out[9000:9500].any()
    assert not out[9600:].any()
    assert mixer.mode is Mode.STOPPED
    assert mixer.position == 1024
    mixer.resume()
    assert np.array_equal(rendered(mixer, 4096)[SOFT:], one.samples[1024 + SOFT : 1024 + 4096])


def test_a_stop_is_a_stop_whatever_waits() -> None:
    mixer = playing(noise(48_000))
    mixer.follow(Start(noise(48_000, 2), 2, 0.0))
    mixer.play(Start(noise(48_000, 3), 3, 0.0, when=2000.0))
    mixer.stop(0)
    assert not rendered(mixer, 100_000)[SOFT:].any()


def test_a_crossfade_of_what_differs_keeps_the_power() -> None:
    one, two = noise(48_000, 1), noise(48_000, 2)
    mixer = playing(one)
    mixer.follow(Start(two, 2, 0.0, into=24_000, power=True))
    out = rendered(mixer, 72_000)
    assert np.array_equal(out[:24_000], one.samples[:24_000])
    assert np.array_equal(out[48_000:], two.samples[24_000:])
    power = [float((part**2).mean()) for part in np.split(out[24_000:48_000], 6)]
    assert np.allclose(power, 0.01, rtol=0.06)
    assert mixer.take == 2


def test_a_jump_behind_the_beginning_of_a_crossfade_takes_nothing_from_the_next_track() -> None:
    one, two = noise(48_000), noise(48_000, 2)
    mixer = playing(one)
    mixer.follow(Start(two, 2, 0.0, into=12_000, out=12_000, power=True))
    rendered(mixer, 256)
    mixer.play(Start(one, 3, 44_000.0))
    out = rendered(mixer, 8000)
    assert mixer.position == pytest.approx(8000.0, abs=1.0), "it begins with its first sample"
    assert np.array_equal(out[4096:], two.samples[4096:8000]), "and is up when the one before has ended"


def test_what_waits_for_a_place_that_a_crossfade_comes_before_does_not_come_in_the_next_track() -> None:
    one, two = noise(48_000), noise(48_000, 2)
    mixer = playing(one)
    mixer.follow(Start(two, 2, 0.0, into=12_000, out=12_000, power=True))
    mixer.play(Start(two, 3, 0.0, when=40_000.0))
    rendered(mixer, 77_000)
    assert (mixer.take, mixer.position) == (2, 41_000.0)


def test_what_follows_and_goes_round_still_does_after_a_jump_into_another_version_of_the_track() -> None:
    one, anew, two = noise(48_000), noise(48_000, 3), noise(48_000, 2)
    anew.name = one.name
    mixer = playing(one)
    mixer.follow(Start(two, 2, 0.0))
    mixer.loop((20_000.0, 30_000.0))
    rendered(mixer, 256)
    mixer.play(Start(anew, 3, 25_000.0))
    rendered(mixer, 10_000)
    assert (mixer.source, mixer.position) == (anew, 25_000.0)
    mixer.loop(None)
    rendered(mixer, 30_000)
    assert mixer.source is two


def test_a_volume_that_was_set_in_silence_holds_from_the_first_sample() -> None:
    mixer, one = Mixer(2, RATE), noise(5000)
    mixer.volume(0.25)
    mixer.play(Start(one, 1, 0.0))
    assert np.allclose(rendered(mixer, 1000), 0.25 * one.samples[:1000])


def test_volume_glides_and_full_is_untouched() -> None:
    one = Whole(np.full((48_000, 1), 0.5, np.float32))
    mixer = playing(one)
    mixer.volume(0.25)
    out = rendered(mixer, 9600)[:, 0]
    assert np.abs(np.diff(out)).max() < 0.001
    assert out[-1] == 0.125
    mixer.volume(1.0)
    assert rendered(mixer, 9600)[-1, 0] == 0.5


@pytest.mark.parametrize("speed", [0.5, 0.9, 1.25, 2.0])
def test_another_speed_is_higher_or_lower_and_clean(speed: float) -> None:
    mixer = Mixer(2, RATE)
    mixer.run_at(speed)
    rendered(mixer, RATE)
    mixer.play(Start(tone(4 * RATE, 1000.0), 1, 0.0))
    out = rendered(mixer, RATE)[:, 0]
    true = 0.5 * np.sin(2 * np.pi * 1000.0 * speed * np.arange(RATE) / RATE)
    error = out[1000:-1000] - true[1000:-1000]
    assert 10 * np.log10((error**2).mean() / (true**2).mean()) < -80
    assert mixer.position == pytest.approx(RATE * speed)


def test_what_is_too_high_at_twice_the_speed_is_filtered_out_and_not_folded_back() -> None:
    mixer = Mixer(2, RATE)
    mixer.run_at(2.0)
    rendered(mixer, RATE)
    mixer.play(Start(tone(2 * RATE, 15_000.0), 1, 0.0))  # 30 kHz would be heard as 18
    out = rendered(mixer, RATE // 2)[2000:-2000]
    assert 20 * np.log10(np.sqrt((out**2).mean()) / 0.35) < -60


def test_back_at_its_own_speed_it_is_the_file_again_to_the_sample() -> None:
    one = noise(4 * RATE)
    mixer = playing(one)
    mixer.run_at(1.03)
    rendered(mixer, RATE)
    mixer.run_at(1.0)
    rendered(mixer, RATE // 2)
    there = mixer.position
    assert there == round(there)
    out = rendered(mixer, 2000)
    assert np.array_equal(out, one.samples[int(there) : int(there) + 2000])


def test_at_another_speed_tracks_still_join_where_the_first_ends() -> None:
    whole = tone(2 * RATE, 400.0)
    one, two = Whole(whole.samples[: RATE + 7]), Whole(whole.samples[RATE + 7 :])
    mixer = Mixer(2, RATE)
    mixer.run_at(0.8)
    rendered(mixer, RATE)
    mixer.play(Start(one, 1, 0.0))
    mixer.follow(Start(two, 2, 0.0))
    out = rendered(mixer, 2 * RATE)[:, 0]
    assert mixer.take == 2
    true = 0.5 * np.sin(2 * np.pi * 320.0 * np.arange(2 * RATE) / RATE)
    away = np.abs(np.arange(2 * RATE) - (RATE + 7) / 0.8) > 60  # round the join each ends in silence, as its file does
    assert np.abs(out - true)[away].max() < 0.01


def test_what_has_not_been_read_in_time_is_silent_and_counted() -> None:
    one = noise(48_000)
    one.holes = range(1030, 1200)
    mixer = playing(one)
    rendered(mixer, 4096)
    assert mixer.starved == 1


def test_who_fetches_is_told_all_that_may_be_needed() -> None:
    one, two = noise(48_000), noise(48_000, 2)
    mixer = playing(one)
    mixer.loop((2000.0, 9000.0))
    mixer.follow(Start(two, 2, 500.0))
    mixer.play(Start(one, 3, 30_000.0, when=20_000.0))
    rendered(mixer, 256)
    assert set(mixer.heads) == {(one, 256.0), (one, 2000.0), (two, 500.0), (one, 30_000.0)}


PLACES = st.integers(0, 47_000).map(float)
DEEDS = st.one_of(
    st.tuples(st.just("play"), PLACES, st.sampled_from([0, 400, 5000])),
    st.tuples(st.just("jump"), PLACES, PLACES),
    st.tuples(st.just("stop"), st.sampled_from([0, 100, 9000])),
    st.tuples(st.just("follow"), st.sampled_from([0, 1000, 30_000])),
    st.tuples(st.just("loop"), st.one_of(st.none(), st.tuples(PLACES, PLACES))),
    st.tuples(st.just("volume"), st.floats(0.0, 1.0)),
    st.tuples(st.just("run_at"), st.floats(0.5, 2.0)),
    st.tuples(st.sampled_from(["pause", "resume", "stay"])),
)


def asked(mixer: Mixer, number: int, what: str, *values) -> None:
    track = tone(48_000)
    match what:
        case "play":
            mixer.play(Start(track, number, values[0], into=values[1]))
        case "jump":
            mixer.play(Start(track, number, values[0], when=mixer.position + values[1]))
        case "follow":
            mixer.follow(Start(track, number, 0.0, into=values[0], out=values[0], power=True))
        case _:
            getattr(mixer, what)(*values)


@given(st.lists(st.tuples(DEEDS, st.integers(300, 8000)), max_size=12))
def test_whatever_is_asked_for_nothing_steps(deeds) -> None:
    mixer = playing(tone(48_000))
    parts = [rendered(mixer, 100)]
    for number, (deed, frames) in enumerate(deeds, 2):
        asked(mixer, number, *deed)
        parts.append(rendered(mixer, frames))
    steps = np.diff(np.concatenate(parts)[:, 0], prepend=0.0)
    assert np.abs(steps).max() < 0.1  # some at twice the speed, of which one goes out in 6 ms
