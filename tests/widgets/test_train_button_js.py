"""The button that trains in several labs, without a browser: what it says, and when it makes steps."""

import pytest

# a page of one button, whose clock moves when `next` is called
CODE = """
const due = [];
globalThis.requestAnimationFrame = (act) => { const entry = { act }; due.push(entry); return entry; };
globalThis.setTimeout = (act, ms) => { const entry = { act, ms }; due.push(entry); return entry; };
globalThis.clearTimeout = (entry) => { if (due.includes(entry)) due.splice(due.indexOf(entry), 1); };
globalThis.cancelAnimationFrame = globalThis.clearTimeout;
const next = () => due.splice(0).forEach(({ act }) => act());
globalThis.document = { createElement: () => ({
  addEventListener(name, act) { this[name] = act; }, setAttribute() {}, append(text) { this.textContent = text; },
}) };
let frames = 0, rests = 0;
const play = trainButton({ frame: () => ++frames < DATA.most, rest: () => rests++, wait: () => DATA.wait });
const seen = [];
const look = () => seen.push([play.element.textContent, play.running, frames, rests]);
look();
for (const act of DATA.acts) { act === "click" ? play.element.click() : next(); look(); }
return [seen, due.map(({ ms }) => ms ?? null)];
"""


def watched(javascript, *acts, most=100, wait=0):
    """What the button says, whether it trains, and the frames and rests so far: at first and after each act."""
    return javascript(["page.js"], CODE, {"acts": acts, "most": most, "wait": wait})


def test_a_step_of_the_clock_is_a_frame_until_it_is_pressed_again(javascript):
    seen, due = watched(javascript, "click", "next", "next", "click", "next")
    assert seen == [
        ["Train", False, 0, 0],
        ["Pause", True, 0, 0],
        ["Pause", True, 1, 0],
        ["Pause", True, 2, 0],
        ["Train", False, 2, 1],
        ["Train", False, 2, 1],
    ]
    assert due == []


def test_it_rests_by_itself_where_there_are_no_more_steps(javascript):
    seen, due = watched(javascript, "click", "next", "next", "next", most=2)
    assert seen[2:] == [["Pause", True, 1, 0], ["Train", False, 2, 1], ["Train", False, 2, 1]] and due == []


def test_it_waits_where_it_is_told_to(javascript):
    assert watched(javascript, "click", "next", wait=800)[1] == [800]
    assert watched(javascript, "click", "next", wait=0)[1] == [None]


@pytest.mark.parametrize("wait", [0, 800])
def test_pressed_twice_before_its_next_frame_it_does_not_train_twice_as_fast(javascript, wait):
    seen, due = watched(javascript, "click", "next", "click", "click", "next", wait=wait)
    assert seen[-1][:3] == ["Pause", True, 2] and len(due) == 1
