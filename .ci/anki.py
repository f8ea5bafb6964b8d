#!/usr/bin/env python3
"""Checks etch's Anki packages against Anki itself: its Rust core, headless, no Qt.

    pip install anki==26.9.3               # pinned: its rules move between releases
    go build -o /tmp/etch ./cmd/etch
    TZ=Europe/Berlin python3 .ci/anki.py /tmp/etch
    python3 .ci/anki.py --clock 03:55 /tmp/etch      # a zone in which it is 03:55 now

Everything happens in a temporary directory; --keep leaves it there. One line a
check: "ok  NAME" or "FAIL NAME: why". Exit 1 if one failed, 2 on bad usage.

The scenarios, --only NAME for one of them:

  library    the built-in library, without progress
  edits      own posts, edited after they came to Anki
  progress   six weeks of study, taken over by Anki
  roundtrip  answers given in Anki come back, in three formats
  foreign    decks that Anki made go through etch unchanged
  text       a tab-separated file meets the notes of the package

Study happens on fixed days of 2026, by --now. Anki has no such switch: it counts
due days from today, so they are compared as dates, and the zone decides its hour.
"""
import argparse
import collections
import html
import json
import os
import pathlib
import random
import re
import shutil
import sqlite3
import struct
import subprocess
import sys
import tempfile
import time
import traceback
import unicodedata
import zipfile
from datetime import date, datetime, timedelta, timezone

RATINGS = {1: "AGAIN", 2: "HARD", 3: "GOOD", 4: "EASY"}
PNG = bytes.fromhex("89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d"
                    "49444154789c6360000002000001e221bc330000000049454e44ae426082")
# what an import must never touch on a card that is in the collection
SCHEDULE = "id,did,ord,type,queue,due,ivl,factor,reps,lapses,left,odue,odid,flags,data"


class Checks:
    """Prints one line a check and counts the failures."""
    failed = 0
    prefix = ""

    def that(self, name, holds, why=""):
        if holds:
            print(f"ok  {self.prefix}{name}", flush=True)
        else:
            self.failed += 1
            print(f"FAIL {self.prefix}{name}: {' '.join(str(why).split())[:600]}", flush=True)

    def equal(self, name, got, want):
        if isinstance(got, dict) and isinstance(want, dict):
            wrong = [f"{k}: {got.get(k)!r}, want {want.get(k)!r}" for k in {**got, **want} if got.get(k) != want.get(k)]
            return self.that(name, not wrong, f"{len(wrong)} differ: " + "; ".join(wrong[:3]))
        self.that(name, got == want, f"got {got!r}, want {want!r}")

    def none(self, name, wrong):
        self.that(name, not wrong, f"{len(wrong)}, first {list(wrong)[:3]}")


check = Checks()


# ---- etch

class Etch:
    """One database and one folder of posts."""

    def __init__(self, exe, home):
        self.exe, self.home = exe, pathlib.Path(home)
        self.posts = self.home / "posts"
        self.posts.mkdir(parents=True, exist_ok=True)
        self.env = {**os.environ, "HOME": str(home), "ETCH_DB": str(self.home / "db" / "etch.db")}
        self.env.update({f"XDG_{k}_HOME": str(self.home / k.lower()) for k in ("DATA", "CONFIG", "STATE", "CACHE")})
        (self.home / "db").mkdir(exist_ok=True)

    def argv(self, args, now):
        return [self.exe, *(["--now", now.isoformat()] if now else []), *map(str, args)]

    def run(self, *args, now=None):
        p = subprocess.run(self.argv(args, now), env=self.env, cwd=self.home, capture_output=True, text=True)
        if p.returncode:
            raise RuntimeError(f"etch {' '.join(map(str, args))} exits with {p.returncode}: {p.stderr}{p.stdout}")
        return p.stdout

    def json(self, *args, now=None):
        return [json.loads(line) for line in self.run(*args, "--json", now=now).splitlines()]

    def post(self, name, text):
        (self.posts / f"{name}.md").write_text(text, encoding="utf-8")

    def cards(self):
        return {c["id"]: c for c in self.json("cards")}

    def log(self):
        return [row for row in self.json("log") if row["live"]]

    def review(self, now, rate, posts=(), limit=1000, new=None, undo=False):
        """Answers what comes; rate(event) gives the rating. The clock runs on."""
        args = ["review", "--json", *posts, *(["--new", new] if new is not None else [])]
        p = subprocess.Popen(self.argv(args, now), env=self.env, cwd=self.home, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        answers, event = 0, json.loads(p.stdout.readline())

        def say(**line):
            p.stdin.write(json.dumps({**line, "now": now.isoformat()}) + "\n")
            p.stdin.flush()
            return json.loads(p.stdout.readline())

        while event["event"] == "card" and answers < limit:
            now += timedelta(seconds=2)
            say(cmd="reveal")
            now += timedelta(seconds=5 + answers % 7, milliseconds=123 * answers % 1000)
            recorded = say(cmd="grade", card=event["card"], rating=rate(event))
            if recorded["event"] != "recorded":
                raise RuntimeError(f"etch review: {recorded}")
            if undo and answers == 1:  # once: the answer below is the one that counts
                json.loads(p.stdout.readline())
                now += timedelta(seconds=1)
                recorded, undo = say(cmd="undo"), False
                back = [json.loads(p.stdout.readline()) for _ in range(2)]
                now += timedelta(seconds=3)
                recorded = say(cmd="grade", card=back[0]["card"], rating=3)
                if recorded["event"] != "recorded":
                    raise RuntimeError(f"etch review after undo: {recorded}")
            answers += 1
            event = json.loads(p.stdout.readline())
        p.stdin.close()
        p.stdout.read()
        if p.wait():
            raise RuntimeError(f"etch review exits with {p.returncode}")
        return answers

    def copy(self, home):
        shutil.copytree(self.home, home)
        twin = Etch(self.exe, home)
        return twin


def local(day, clock="12:00"):
    """An instant by the local calendar."""
    return datetime.fromisoformat(f"{day} {clock}").astimezone()


def read_package(path, query):
    """Rows of the database in a package that etch wrote."""
    with tempfile.TemporaryDirectory() as tmp, zipfile.ZipFile(path) as z:
        db = sqlite3.connect(z.extract("collection.anki21", tmp))
        try:
            return db.execute(query).fetchall()
        finally:
            db.close()


# ---- Anki

class Anki:
    """One temporary collection. The switch for FSRS is on: no .apkg carries it."""

    def __init__(self, folder):
        pathlib.Path(folder).mkdir(parents=True)
        self.col = Collection(os.path.join(folder, "collection.anki2"))
        self.col.set_config("fsrs", True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.col.db:
            self.col.close()

    def load(self, path, progress=False, presets=False):
        """Imports a package; the answer counts notes by what became of them."""
        newer = import_export_pb2.IMPORT_ANKI_PACKAGE_UPDATE_CONDITION_IF_NEWER
        log = self.col.import_anki_package(ImportAnkiPackageRequest(package_path=str(path), options=ImportAnkiPackageOptions(
            with_scheduling=progress, with_deck_configs=presets, merge_notetypes=False, update_notes=newer, update_notetypes=newer))).log
        return self.counted(log)

    def counted(self, log):
        out = {k: len(getattr(log, k)) for k in ("new", "updated", "duplicate", "conflicting", "first_field_match",
                                                 "missing_notetype", "missing_deck", "empty_first_field")}
        self.updated = {self.col.get_note(n.id.nid).guid for n in log.updated}
        return {"found": log.found_notes, **{k: n for k, n in out.items() if n}}

    def save(self, path):
        if str(path).endswith(".colpkg"):
            self.col.export_collection_package(str(path), include_media=True, legacy=False)  # closes the collection
            return
        self.col.export_anki_package(out_path=str(path), limit=None, options=ExportAnkiPackageOptions(
            with_scheduling=True, with_deck_configs=True, with_media=True, legacy="legacy" in os.path.basename(path)))

    def schedule(self):
        return {r[0]: r for r in self.col.db.all(f"select {SCHEDULE} from cards")}

    def revlog(self):
        return {tuple(r) for r in self.col.db.all("select id,cid,ease,ivl,lastIvl,factor,time,type from revlog")}

    def notes(self):
        return {guid: (flds, tags) for guid, flds, tags in self.col.db.all("select guid, flds, tags from notes")}

    def cards(self):
        """Card ids by what etch calls the card: the note's ID field and the ord."""
        return {(flds.split("\x1f")[-1], ord): cid for cid, ord, flds in
                self.col.db.all("select c.id, c.ord, n.flds from cards c join notes n on n.id = c.nid")}

    def day(self, number):
        """The date of a day number of this collection."""
        now = datetime.fromtimestamp(time.time())
        today = now.date() - timedelta(days=now.hour < 4)
        return today + timedelta(days=number - self.col.sched.today)

    def due(self, card):
        """When a card is due as etch says it: a date, or unix seconds."""
        number = card.odue if card.odid else card.due
        return number if number > 1_000_000_000 else str(self.day(number))

    def answer(self, ratings, count, only=""):
        """Answers through the scheduler, deck by deck, cycling over ratings."""
        done = []
        for deck in self.col.decks.all_names_and_ids():
            if only and deck.name != only:
                continue
            self.col.decks.set_current(deck.id)
            while len(done) < count:
                queued = self.col.sched.get_queued_cards(fetch_limit=1)
                if not queued.cards:
                    break
                card, states = Card(self.col, backend_card=queued.cards[0].card), queued.cards[0].states
                card.start_timer()
                answer = self.col.sched.build_answer(card=card, states=states, rating=getattr(CardAnswer, RATINGS[ratings[len(done) % len(ratings)]]))
                answer.milliseconds_taken = 4000
                self.col.sched.answer_card(answer)
                done.append(card.id)
        return done

    def wrong_sides(self):
        """Cards whose templates fail or show nothing."""
        bad = []
        for cid in self.col.find_cards(""):
            try:
                out = self.col._backend.render_existing_card(card_id=cid, browser=False, partial_render=False)
                for nodes in (out.question_nodes, out.answer_nodes):
                    if not "".join(n.text or n.replacement.current_text for n in nodes).strip():
                        bad.append((cid, "an empty side"))
            except Exception as e:
                bad.append((cid, str(e)))
        return bad

    def integrity(self, name):
        """Check Database finds nothing and changes no card."""
        before, log = self.schedule(), self.revlog()
        message, ok = self.col.fix_integrity()
        check.that(f"{name}: Check Database is content", ok and message.count("\n") == 0, message)
        check.equal(f"{name}: and changed no card", self.schedule(), before)
        check.that(f"{name}: and no review", self.revlog() == log, "revlog differs")

    def missing_media(self):
        return list(self.col.media.check().missing)


def exported(etch, file, *args, now=None):
    return etch.json("export", file, *args, now=now)[0]


# ---- 1: the built-in library

def library(exe, tmp):
    etch, now = Etch(exe, tmp / "etch"), local("2026-11-24")
    out = exported(etch, tmp / "a.apkg", now=now)
    exported(etch, tmp / "b.apkg", now=now + timedelta(days=9))
    check.that("an export is the same byte for byte", (tmp / "a.apkg").read_bytes() == (tmp / "b.apkg").read_bytes(), "the files differ")
    with Anki(tmp / "anki") as anki:
        check.equal("all notes are new", anki.load(tmp / "a.apkg"), {"found": out["notes"], "new": out["notes"]})
        check.equal("counts", (anki.col.note_count(), anki.col.card_count(), len(anki.revlog())), (out["notes"], out["cards"], 0))
        check.none("every card shows both sides", anki.wrong_sides())
        check.none("no picture is missing", anki.missing_media())
        before, notes = anki.schedule(), anki.notes()
        check.equal("again: all duplicate", anki.load(tmp / "a.apkg"), {"found": out["notes"], "duplicate": out["notes"]})
        check.equal("again: no card changed", anki.schedule(), before)
        check.equal("again: no note changed", anki.notes(), notes)
        check.none("all cards are new", [c for c in before.values() if c[3:5] != [0, 0] or c[-1] not in ("", "{}")])
        there = {cid: key for key, cid in anki.cards().items()}
        order, ours = [there[c[0]] for c in sorted(before.values(), key=lambda c: c[5])], [place(c["id"]) for c in etch.json("cards", now=now)]
        check.that("new cards come in etch's reading order", order == ours, next((x for x in zip(order, ours) if x[0] != x[1]), "some are missing"))
        anki.integrity("library")


# ---- 3: progress

NOTES = 29


def write_study(etch):
    """A post with 34 cards."""
    lines = ["---\ntitle: Study\ntags: [exam]\n---\n## First half\n"]
    for i in range(NOTES - 5):
        lines.append(f"<!-- card study-{i:02} -->\nQ: What is {i} times {i}?\n\nA: It is {i * i}.\n")
    lines.append("## Second half\n")
    for i in range(5):
        lines.append(f"<!-- card holes-{i} -->\nC: Number [{i}]{{hint=\"a digit\"}} comes before [{i + 1}] here.\n")
    etch.post("study", "\n".join(lines))


WEIGHTS = {  # of FSRS-6 and FSRS-5, none of them a default
    21: "0.3 1.1 2.5 9.1 6.2 0.9 2.8 0.002 1.8 0.18 0.75 1.5 0.07 0.28 1.6 0.58 1.75 0.6 0.1 0.08 0.17",
    19: "0.45 1.2 3.2 15.1 7.1 0.5 1.6 0.005 1.5 0.12 1.0 1.9 0.11 0.3 2.3 0.24 2.9 0.5 0.65",
}


def study(etch, weights, seed=7):
    """Six weeks of study with all that can happen to a card."""
    random.seed(seed)
    etch.run("config", "weights", WEIGHTS[weights])
    for setting in ("learning-steps 1m 10m 6h", "relearning-steps 10m", "desired-retention 0.88", "leech-threshold 5"):
        etch.run("config", *setting.split(" ", 1))
    etch.run("compile", etch.posts, "--quiet", now=local("2026-10-09"))
    first, sessions, answers = date(2026, 10, 10), 0, 0
    hours = ["08:00", "22:45", "13:10", "03:59", "04:01", "19:30", "00:30"]

    def rate(event):
        return random.choices([1, 2, 3, 4], [18, 15, 52, 15])[0]

    for n in range(38):
        if n % 3 == 2 and n > 6:
            continue
        now = local(first + timedelta(days=n), hours[n % len(hours)])
        done = etch.review(now, rate, ["study"], new=2 if n < 10 else int(n < 24), undo=n == 4)
        answers, sessions = answers + done, sessions + (done > 0)
        later = now + timedelta(hours=2)
        if n == 12:
            etch.run("card", "suspend", "study-01", now=later)
            etch.run("card", "forget", "study-02", "holes-1~1", now=later)
        if n == 15:
            etch.run("card", "due", str(first + timedelta(days=17)), "study-03", now=later)
            etch.run("card", "flag", "study-03", "--reason", "check it", now=later)
        if n == 21:
            etch.run("card", "resume", "study-01", now=later)
    last = local(first + timedelta(days=38), "22:50")
    answers += etch.review(last, lambda e: 1 if e["state"] == "review" else 3, ["study"], limit=10, new=3)
    answers += etch.review(last + timedelta(minutes=4), lambda e: 1, ["study", "--ahead", "30"], limit=1, new=0)
    later = last + timedelta(minutes=30)
    steps = sorted(k for k, c in etch.cards().items() if c["state"] == "learning")
    etch.run("card", "suspend", "study-04", *steps[:1], now=later)
    etch.run("card", "flag", "study-05", now=later)
    etch.run("card", "forget", "study-06", now=later)
    etch.run("card", "due", "2027-01-15", "study-07", "holes-0~0", now=later)
    return sessions, answers


STATES = {"new": 0, "learning": 1, "review": 2, "relearning": 3}


def place(card_id):
    """What etch calls a card, as its note and its ord in Anki."""
    note, _, ord = card_id.partition("~")
    return note, int(ord or 0)


def study_day(text):
    """The study day of an instant."""
    t = datetime.fromisoformat(text).astimezone()
    return t.date() - timedelta(days=t.hour < 4)


def expected(card, day_of_last):
    """How a card of etch must lie in Anki: type, queue, due, ivl, reps, lapses, flag."""
    state = STATES[card["state"]]
    queue, due, ivl = state, card["due"], max(card["interval"], 0)
    if state in (1, 3):
        crosses = study_day(due) > day_of_last and not card["suspended"]
        queue, due = (3, str(study_day(due))) if crosses else (1, int(datetime.fromisoformat(due).timestamp()))
        ivl = max(ivl, 1) if state == 3 else 0
    elif state == 0:
        due, ivl = None, 0
    if card["suspended"]:
        queue = -1
    return state, queue, due, ivl, card["reps"], card["lapses"], 1 if card.get("flag") else 0


def stand(anki, cid):
    """The same of a card in Anki."""
    c = anki.col.get_card(cid)
    return c.type, c.queue, None if c.type == 0 else anki.due(c), c.ivl, c.reps, c.lapses, c.flags


def rows_of(log):
    """Rows that become reviews in Anki, by card."""
    out = collections.defaultdict(list)
    for row in log:
        if row["kind"] in ("rate", "forget", "due"):
            out[place(row["card"])].append(row)
    return out


def even(anki, rows, with_today=False):
    """Whether Anki, which counts days of 24 hours back from its next one, has the study days of a card's rows."""
    grid = [(int(datetime.fromisoformat(r["at"]).timestamp()) - anki.col.sched.day_cutoff) // 86400 for r in rows]
    days = [date.fromisoformat(r["day"]).toordinal() for r in rows]
    if with_today:
        grid.append(-1)
        days.append(anki.day(anki.col.sched.today).toordinal())
    return len({g - d for g, d in zip(grid, days)}) <= 1


def near(a, b, relative=0.01, absolute=0.05):
    """Stability within 1 %, difficulty within 0.05."""
    return abs(a[0] - b[0]) <= relative * max(b[0], 0.01) + 1e-4 and abs(a[1] - b[1]) <= absolute


def answer_type(row):
    return {"new": 0, "learning": 0, "review": 1, "relearning": 2}[row["state_before"]]


def progress(exe, tmp):
    etch = Etch(exe, tmp / "etch")
    write_study(etch)
    sessions, answers = study(etch, 21)
    cards, log = {k: c for k, c in etch.cards().items() if c["post"] == "study"}, etch.log()
    seen = collections.Counter(c["state"] for c in cards.values())
    check.that(f"the study has it all ({sessions} sessions, {answers} answers, {dict(seen)})",
               len(seen) == 4 and seen["learning"] > 2 and sessions >= 22 and {r["rating"] for r in log if r["kind"] == "rate"} == {1, 2, 3, 4}, seen)
    file, plain = tmp / "progress.apkg", tmp / "plain.apkg"
    out = exported(etch, file, "study", "--progress", "--preset")
    exported(etch, tmp / "twin.apkg", "study", "--progress", "--preset", now=local("2026-12-24", "03:59"))
    check.that("an export with progress is the same byte for byte", file.read_bytes() == (tmp / "twin.apkg").read_bytes(), "the files differ")
    exported(etch, plain, "study")
    with Anki(tmp / "anki") as anki:
        check.equal("all notes are new", anki.load(file, True, True), {"found": NOTES, "new": NOTES})
        compare(anki, cards, log)
        check.equal("reviews", len(anki.revlog()), out["reviews"])
        preset = anki.col.decks.config_dict_for_deck_id(anki.col.decks.id_for_name("etch::exam::Study"))
        check.equal("the preset", (preset["desiredRetention"], preset["new"]["delays"], preset["lapse"]["delays"], preset["lapse"]["leechFails"],
                                   preset["new"]["perDay"], preset["rev"]["perDay"], len(preset["fsrsParams6"])), (0.88, [1.0, 10.0, 360.0], [10.0], 5, 10, 200, 21))
        anki.integrity("progress")
        compare(anki, cards, log, "after Check Database: ")
        before, log_before = anki.schedule(), anki.revlog()
        check.equal("again: all duplicate", anki.load(file, True, True), {"found": NOTES, "duplicate": NOTES})
        check.that("again: nothing changed", (anki.schedule(), anki.revlog()) == (before, log_before), "it did")
    with Anki(tmp / "without") as anki:
        anki.load(file)
        nothing_learned(anki, "boxes unticked")
    with Anki(tmp / "plain") as anki:
        anki.load(plain, True, True)
        nothing_learned(anki, "without --progress")
        check.equal("without --preset: Anki's own", {d["conf"] for d in anki.col.decks.all()}, {1})


def nothing_learned(anki, name):
    left = [c for c in anki.schedule().values() if c[3] or c[4] or any(c[6:10]) or c[13]]
    check.that(f"{name}: nothing of the progress", not left and not anki.revlog(), left[:2] or "reviews")


def compare(anki, cards, log, name=""):
    """Holds every card and row of etch against Anki."""
    there, rows, memory, revlog, off = anki.cards(), rows_of(log), {}, {}, []
    last = {k: date.fromisoformat([r for r in v if r["kind"] == "rate"][-1]["day"]) for k, v in rows.items() if any(r["kind"] == "rate" for r in v)}
    check.equal(f"{name}the cards are there", set(there), {place(c) for c in cards})
    check.equal(f"{name}cards as etch has them", {k: stand(anki, cid) for k, cid in there.items()},
                {place(c): expected(card, last.get(place(c))) for c, card in cards.items()})
    uneven = 0
    for id, card in cards.items():
        key = place(id)
        mine, c = (card["stability"], card["difficulty"]), anki.col.get_card(there[key])
        state = c.memory_state
        if (state is None) != (card["state"] == "new") or state and not near((state.stability, state.difficulty), mine, 0.001, 0.001):
            off.append((id, state, mine))
        if card["state"] == "new":
            continue
        if not even(anki, rows[key]):
            uneven += 1
            continue
        again = anki.col.compute_memory_state(there[key])
        if again.stability is None or not near((again.stability, again.difficulty), mine):
            memory[id] = (again.stability, again.difficulty, mine)
        revlog[key] = True
    check.none(f"{name}memory as etch has it", off)
    check.that(f"{name}Anki computes the same memory ({len(revlog)} cards, {uneven} across a change of clocks)", not memory and len(revlog) >= 5, list(memory.items())[:3])
    back, got, want = {cid: key for key, cid in there.items()}, {}, {}
    for ms, cid, ease, ivl, _, _, took, kind in anki.revlog():
        got.setdefault(back[cid], []).append((ms // 1000, ease, ivl if kind != 4 else None, took // 1000, kind))
    for key, its in rows.items():
        want[key] = [(int(datetime.fromisoformat(r["at"]).timestamp()), r.get("rating", 0), r["interval"] if r["kind"] == "rate" else None,
                      int(r.get("seconds", 0)), answer_type(r) if r["kind"] == "rate" else 4) for r in its]
    check.equal(f"{name}reviews as etch has them", {k: sorted(v) for k, v in got.items()}, {k: sorted(v) for k, v in want.items()})


# ---- 4: the way back

def roundtrip(exe, tmp):
    etch = Etch(exe, tmp / "etch")
    write_study(etch)
    study(etch, 19)
    file, files = tmp / "there.apkg", [tmp / "latest.apkg", tmp / "legacy.apkg", tmp / "whole.colpkg"]
    exported(etch, file, "study", "--progress", "--preset")
    log = etch.log()
    with Anki(tmp / "anki") as anki:
        anki.load(file, True, True)
        there, old = anki.cards(), anki.revlog()
        anki.col.sched.schedule_cards_as_new([there["study-08", 0]])
        anki.col.sched.set_due_date([there["study-09", 0]], "12")
        answered = anki.answer([3, 1, 2, 4, 3], 20)
        check.that(f"Anki takes answers ({len(answered)})", len(answered) >= 12, "too few")
        anki.col.sched.suspend_cards([there["study-10", 0]])
        anki.col.sched.unsuspend_cards([there["study-04", 0]])
        anki.col.sched.set_due_date([there["study-11", 0]], "40!")
        anki.col.sched.schedule_cards_as_new([there["holes-3", 1]], restore_position=True, reset_counts=True)
        anki.col.set_user_flag_for_cards(0, [there["study-05", 0]])
        anki.col.sched.set_due_date(anki.col.db.list("select id from cards where type = 1 and queue > 0 limit 1"), "3")
        lent = anki.col.db.list("select id from cards where queue = 2 and due > ? and id not in (?, ?, ?) and nid in "
                                "(select nid from cards group by nid having count() = 1) order by id limit 3",
                                anki.col.sched.today, *(there[k, 0] for k in ("study-09", "study-10", "study-11")))
        check.equal("cards are lent to filtered decks", [borrow(anki, cid, cid != lent[2]) for cid in lent], [True] * 3)
        anki.answer([3], 1, "Lent 2")
        anki.answer([1], 1, "Lent 3")
        crammed = {r for r in anki.revlog() if r[7] == 3 and r[5] == 0}
        check.equal("a review ahead of time and one that does not count", (len({r for r in anki.revlog() if r[7] == 3}), len(crammed)), (2, 1))
        fresh = anki.revlog() - old - crammed
        check.none("nothing of the log is lost there", old - anki.revlog())
        want = {key: stand(anki, cid) for key, cid in there.items()}
        memory = {key: (m.stability, m.difficulty) for key, cid in there.items() if (m := anki.col.get_card(cid).memory_state)}
        uneven = {key for key, rows in rows_of(log).items() if not even(anki, rows[-1:], True)}
        for f in files[:2]:
            anki.save(f)
        anki.save(files[2])
        back = {cid: key for key, cid in there.items()}
    for f in files:
        check.prefix = f"roundtrip: {f.name}: "
        twin = etch.copy(tmp / f.stem)
        back_home(twin, f, log, fresh, back, want, memory, uneven)
        again = tmp / f.stem / "again.apkg"
        exported(twin, again, "study", "--progress", "--preset")
        with Anki(tmp / f"again-{f.stem}") as anki:
            anki.load(file, True, True)
            before, rows = anki.schedule(), anki.revlog()
            check.equal("exported again: all duplicate where it was", anki.load(again, True, True), {"found": NOTES, "duplicate": NOTES})
            check.that("exported again: no card changed there", (anki.schedule(), anki.revlog()) == (before, rows), "it did")
        with Anki(tmp / f"other-{f.stem}") as anki:
            anki.load(again, True, True)
            cards = {k: c for k, c in twin.cards().items() if c["post"] == "study"}
            compare(anki, cards, twin.log(), "exported again, into another Anki: ")
            anki.integrity("exported again")


def borrow(anki, cid, reschedule):
    """Lends a card to a filtered deck."""
    deck = anki.col.sched.get_or_create_filtered_deck(0)
    deck.name = f"Lent {1 + sum(d['dyn'] for d in anki.col.decks.all())}"
    deck.config.reschedule = reschedule
    deck.config.search_terms[0].search = f"cid:{cid}"
    del deck.config.search_terms[1:]
    anki.col.sched.add_or_update_filtered_deck(deck)
    return anki.col.get_card(cid).odid != 0


def back_home(etch, file, log, fresh, back, want, memory, uneven):
    said = etch.json("import", file, "--progress")[0]
    check.equal("the texts stay", (said["new"], said["updated"], said["unchanged"], said["problems"]), (0, 0, NOTES, []))
    after = etch.log()
    mine = [r for r in after if r["source"] != "anki"]
    check.equal("etch's own rows are as they were", [r["id"] for r in mine], [r["id"] for r in log])
    came = collections.Counter((place(r["card"]), r.get("rating", 0), int(datetime.fromisoformat(r["at"]).timestamp()))
                               for r in after if r["source"] == "anki" and r["kind"] in ("rate", "forget", "due"))
    check.equal("Anki's rows came, each once", dict(came), dict(collections.Counter((back[cid], ease, ms // 1000) for ms, cid, ease, *_ in fresh)))
    marks = sorted((place(r["card"]), r["kind"]) for r in after if r["source"] == "anki" and r["kind"] not in ("rate", "forget", "due"))
    check.equal("and what was suspended, but nothing that takes back a mark of etch", marks, [(("study-10", 0), "suspend")])
    check.equal("a second import adds nothing", (etch.json("import", file, "--progress")[0]["reviews"], len(etch.log())), (0, len(after)))
    cards = {place(k): c for k, c in etch.cards().items() if c["post"] == "study"}
    off, due, states = [], {}, {}
    for key, c in cards.items():
        kind, queue, when, *_ = want[key]
        states[key] = (STATES[c["state"]], c["suspended"], bool(c.get("flag")))
        due[key] = c["due"] or None
        if kind in (1, 3):
            due[key] = str(study_day(c["due"])) if queue == 3 or isinstance(when, str) else int(datetime.fromisoformat(c["due"]).timestamp())
        if (key in memory) != (c["state"] != "new"):
            off.append((key, c["state"], memory.get(key)))
        elif key in memory and key not in uneven and not near((c["stability"], c["difficulty"]), memory[key]):
            off.append((key, c["stability"], c["difficulty"], memory[key]))
    here = {("study-04", 0): (True, False), ("study-05", 0): (False, True)}  # suspended, flagged: in etch, so it stays
    check.equal("states as in Anki", states, {k: (w[0], *here.get(k, (w[1] == -1, w[6] > 0))) for k, w in want.items()})
    check.equal("due as in Anki", due, {k: w[2] for k, w in want.items()})
    check.none("memory as in Anki", off)
    check.equal("etch doctor is content", etch.json("doctor")[0]["findings"], [])


# ---- 2: edits

OWN = {  # note: its text, and what Anki must show of it
    "plain": ("Q: Which word is bold?\n\nA: The **second** one of a [link](https://example.org/a?b=1&c=2).", ["The second one of a link."]),
    "code": ("Q: What does `map<int, int>` hold in `{{x}}`?\n\nA: Pairs:\n\n```cpp\nstd::map<int, int> m{{1, 2}};\nif (a < b && c) m[1]++;  // [sound:a.mp3]\n```",
             ["map<int, int> hold in {{x}}?", "std::map<int, int> m{{1, 2}};\nif (a < b && c) m[1]++;  // [sound:a.mp3]\n"]),
    "table": ("Q: Which store is fast?\n\nA:\n\n| store | ms |\n|---|--:|\n| memory & disk | <1 |\n| `a\\|b` | 5 |", ["memory & disk", "<1", "a|b"]),
    "maths": ("Q: When is \\\\(R + W > N\\\\) with $5 and x_1 < y_2?\n\nA: Always: [latex]x[/latex], {{Front}} and a::b.",
              ["\\(R + W > N\\) with $5 and x_1 < y_2?", "[latex]x[/latex], {{Front}} and a::b."]),
    "picture": ("Q: Which colour has the dot?\n\nA: ![a dot](img/red%20dot.png) None, cafe\u0301 \U0001f9ea.", ["None, caf\u00e9 \U0001f9ea."]),
    "holes": ("C: A [read]{c=2} meets [`a<b>{{c1::x}}`]{hint=\"say \\\"x\\\"\"}, a [write]{c=2} and [both]{c=1,2}.\n\nA: Because **R + W > N**.",
              ["A read meets a<b>{{c1::x}}, a write and both.", "Because R + W > N."]),
    "list": ("Q: Which three come in turn?\n\nA:\n\n1. one\n2. two\n   - a\n   - b\n3. three", ["one", "three"]),
}
LATER = ("C: Latency is [waiting] plus [work].", ["Latency is waiting plus work."])


def write_own(etch, texts, takeaway="Much stands here", extra=""):
    comments = {k: f"<!-- card own-{k} {'why deep' if k == 'list' else 'core'} -->\n{text}\n" for k, (text, _) in texts.items()}
    first = "\n".join(v for k, v in comments.items() if k != "list")
    etch.post("own", f"---\ntitle: \"Own: posts\"\ntags: [Topic A, b/c]\n---\n## First things\n\n{first}\n## {takeaway}\n\n{comments['list']}\n{extra}")


def shown(card):
    """The text of both sides, as a browser has it."""
    text = re.sub(r"(?s)<style.*?</style>|<!--.*?-->|<[^>]+>", "", card.question() + "\n" + card.answer())
    return unicodedata.normalize("NFC", html.unescape(text))


def edits(exe, tmp):
    etch, before, after = Etch(exe, tmp / "etch"), tmp / "before.apkg", tmp / "after.apkg"
    (etch.posts / "img").mkdir()
    (etch.posts / "img" / "red dot.png").write_bytes(PNG)
    write_own(etch, {**OWN, "later": LATER})
    etch.run("compile", etch.posts, "--quiet", now=local("2026-10-09"))
    out = exported(etch, before, "own")
    with Anki(tmp / "anki") as anki:
        check.equal("all notes are new", anki.load(before), {"found": out["notes"], "new": out["notes"]})
        there = anki.cards()
        names = lambda: {anki.col.get_note(anki.col.get_card(c).nid).fields[-1] for c in anki.schedule()}
        check.equal("notes and cards", (names(), len(there)), ({f"own-{k}" for k in OWN} | {"own-later"}, out["cards"]))
        check.equal("the cards of numbered deletions", sorted(o for n, o in there if n == "own-holes"), [0, 1, 2])
        check.none("every card shows both sides", anki.wrong_sides())
        wrong = [(k, t, shown(anki.col.get_card(cid))) for k, cid in there.items() for t in {**OWN, "later": LATER}[k[0][4:]][1]
                 if t not in shown(anki.col.get_card(cid))]
        check.none("and what stands in the post", wrong)
        check.none("no text plays a sound", [k for k, cid in there.items() if (c := anki.col.get_card(cid)).question_av_tags() + c.answer_av_tags()])
        question = shown(anki.col.get_card(there["own-holes", 2]))
        check.that("a hint stands in its place", 'A read meets [say "x"], a write and both.' in question, question)
        media = anki.col.media
        check.equal("the picture", ([media.have(f) for f in files(anki, "own-picture")], anki.missing_media()), ([True], []))
        check.equal("decks", sorted(d.name for d in anki.col.decks.all_names_and_ids()), ["Default", "etch", "etch::Topic A", "etch::Topic A::Own: posts"])
        check.equal("tags", sorted(anki.notes()[guid(anki, "own-list")][1].split()), ["Topic_A", "b/c", "tier::deep", "type::why"])

        # The user goes on in Anki: answers, a tag, a text, a style.
        anki.answer([3, 1, 4, 2], 6)
        edit_note(anki, "own-table", tag="mine")
        edit_note(anki, "own-maths", text="<b>my own</b>")
        model = anki.col.models.by_name("etch Basic")
        model["css"] += "\n.mine { color: red }"
        anki.col.models.update_dict(model)
        cards, rows = anki.schedule(), anki.revlog()

        # And in the post.
        new = dict(OWN)
        new["plain"] = (OWN["plain"][0].replace("second", "third"), [])
        new["code"] = (OWN["code"][0] + "\n\nThat is all.", [])
        new["later"] = (LATER[0].replace("work", "work] and [luck"), [])
        write_own(etch, new, "Much stood here", "<!-- card own-fresh -->\nQ: What is new here?\n\nA: This one.\n")
        etch.run("compile", "--quiet", now=datetime.now().astimezone() + timedelta(minutes=1))
        out = exported(etch, after, "own")
        said = anki.load(after)
        ids = {g: flds.split("\x1f")[-1] for g, (flds, _) in anki.notes().items()}
        check.equal("edited notes are updated, no others", sorted(ids[g] for g in anki.updated), ["own-code", "own-later", "own-list", "own-plain"])
        check.equal("the rest is as it was", said, {"found": out["notes"], "new": 1, "updated": 4, "duplicate": out["notes"] - 5})
        check.equal("existing cards stay", {k: v for k, v in anki.schedule().items() if k in cards}, cards)
        check.that("and reviews", anki.revlog() == rows, "they changed")
        fresh = {k for k, cid in anki.cards().items() if cid not in cards}
        check.equal("a card for the new deletion", fresh, {("own-later", 2), ("own-fresh", 0)})
        note = lambda name: anki.notes()[guid(anki, name)]
        check.that("the new text", "third" in note("own-plain")[0] and "Much stood here" in note("own-list")[0], note("own-plain"))
        check.that("the user's tag, text and style stay", " mine " in note("own-table")[1] and note("own-maths")[0].startswith("<b>my own")
                   and anki.col.models.by_name("etch Basic")["css"].endswith(".mine { color: red }"), (note("own-table"), note("own-maths")))
        picture, soon = etch.posts / "img" / "red dot.png", time.time() + 60
        picture.write_bytes(PNG + b"\0")
        os.utime(picture, (soon, soon))
        exported(etch, tmp / "picture.apkg", "own")
        anki.load(tmp / "picture.apkg")
        found = files(anki, "own-picture")
        check.equal("a changed picture arrives", [media.have(f) and pathlib.Path(media.dir(), f).read_bytes() == PNG + b"\0" for f in found], [True])
        anki.integrity("edits")


def guid(anki, id):
    return anki.col.db.scalar("select guid from notes where flds like ?", "%\x1f" + id)


def edit_note(anki, id, tag=None, text=None):
    note = anki.col.get_note(anki.col.db.scalar("select id from notes where flds like ?", "%\x1f" + id))
    if tag:
        note.tags.append(tag)
    if text:
        note.fields[0] = text
    anki.col.update_note(note)


def files(anki, id):
    return re.findall(r'<img[^>]*src="([^"]*)"', anki.notes()[guid(anki, id)][0])


# ---- 5: decks of others

def foreign(exe, tmp):
    etch = Etch(exe, tmp / "etch")
    ours = {p["post"] for p in etch.json("posts")}
    with Anki(tmp / "anki") as anki:
        fill(anki)
        anki.answer([3, 4, 3, 1, 2], 9)
        cards = list(anki.schedule())
        anki.col.set_user_flag_for_cards(3, cards[:1])
        anki.col.sched.suspend_cards(cards[1:2])
        for name in ("latest", "legacy"):
            check.prefix = f"foreign: {name}: "
            twin, file, back, known = etch.copy(tmp / name), tmp / f"{name}.apkg", tmp / f"{name}-back.apkg", tmp / f"{name}-known.apkg"
            anki.save(file)
            said = twin.json("import", file, "--progress")[0]
            check.equal("etch takes it all", ([p for p in said["problems"] if p["skipped"]], said["reviews"] > 8), ([], True))
            posts = [p["post"] for p in twin.json("posts") if p["post"] not in ours]
            exported(twin, back, *posts)
            exported(twin, known, *posts, "--progress")
            check.equal("again: nothing new", [twin.json("import", file, "--progress")[0][k] for k in ("new", "updated", "new_cards", "reviews")], [0, 0, 0, 0])
            check.equal("etch doctor is content", twin.json("doctor")[0]["findings"], [])
            notes = {g: (flds, sorted(tags.split())) for g, (flds, tags) in anki.notes().items()}
            check.equal("fields and tags come back byte for byte",
                        {g: (f, sorted(t.split())) for g, f, t in read_package(back, "select guid, flds, tags from notes")}, notes)
            before = anki.schedule(), anki.notes(), anki.revlog(), types(anki)
            check.equal("Anki knows them all", anki.load(back), {"found": len(notes), "duplicate": len(notes)})
            check.that("and changed nothing", (anki.schedule(), anki.notes(), anki.revlog(), types(anki)) == before, "it did")
            with Anki(tmp / f"{name}-fresh") as other:
                check.equal("another Anki takes them", other.load(known, True), {"found": len(notes), "new": len(notes)})
                check.equal("with all cards as they stood", by_guid(other), by_guid(anki))
                check.none("every card shows both sides", other.wrong_sides())
                check.equal("and files", {f.name: f.read_bytes() for f in pathlib.Path(other.col.media.dir()).iterdir()},
                            {f.name: f.read_bytes() for f in pathlib.Path(anki.col.media.dir()).iterdir()})
                check.equal("note types", types(other), types(anki))
                other.integrity("foreign")


def by_guid(anki):
    return {(anki.col.get_note(anki.col.get_card(cid).nid).guid, ord): (anki.col.decks.name(anki.col.get_card(cid).did), *stand(anki, cid)[:3], *stand(anki, cid)[4:-1])
            for cid, ord in anki.col.db.all("select id, ord from cards")}


def types(anki):
    used = {m for (m,) in anki.col.db.all("select distinct mid from notes")}
    return {m["name"].rstrip("+"): ([f["name"] for f in m["flds"]], [(t["name"], t["qfmt"], t["afmt"]) for t in m["tmpls"]], m["css"], m["type"])
            for m in anki.col.models.all() if m["id"] in used}


def fill(anki):
    """Notes as people make them in Anki."""
    col = anki.col
    pathlib.Path(col.media.dir(), "a dot & more.png").write_bytes(PNG)
    pathlib.Path(col.media.dir(), "tone.mp3").write_bytes(b"ID3\3\0\0\0\0\0\0")
    model = col.models.new("City <custom>")
    for name in ("City", "Country", "Map", "Note"):
        col.models.add_field(model, col.models.new_field(name))
    for name, front, back in (
            ("Country", "{{City}} is where?{{#Note}}<i>{{Note}}</i>{{/Note}}{{^Note}}no note{{/Note}}", "{{FrontSide}}<hr id=answer>{{Country}}{{Map}}"),
            ("City", "{{#Country}}A city of {{Country}}? {{hint:Note}}{{/Country}}", "{{City}} {{type:City}}")):
        template = col.models.new_template(name)
        template["qfmt"], template["afmt"] = front, back
        col.models.add_template(model, template)
    model["css"] += "\n.city::before { content: '<&>' }"
    col.models.add_dict(model)
    rows = [
        ("Lang::French", "Basic", ["<b>un</b>&nbsp;<br>deux<div>trois</div>", "  one &lt;two&gt; <ul><li>x</li></ul> "], ["a::b", "leech"]),
        ("Lang::French", "Basic", ["same front", "back 1"], []),
        ("Lang::French", "Basic", ["same front", "back 2"], ["x"]),
        ("Lang", "Basic", ['<img src="a dot &amp; more.png"> [sound:tone.mp3]', "<pre><code>if a &lt; b:\n\tpass</code></pre>\\(x^2\\)"], []),
        ("Lang", "Basic (and reversed card)", ["chat", "cat<script>alert(1)</script>"], ["\u00e9t\u00e9"]),
        ("Lang", "Basic (optional reversed card)", ["eau", "water", "y"], []),
        ("Lang", "Basic (type in the answer)", ["Q: 3 < 4?", "A: yes\n\n---\nC: [no]"], []),
        ("Holes", "Cloze", ["{{c1::Paris::city}} is in {{c2::France}}, not in {{c1::Rome}}.", "more"], []),
        ("Holes", "Cloze", ["{{c3::three}} before {{c1::one {{c2::inner}}}} and <b>{{c7::a::b::c}}</b>", ""], []),
        ("Holes", "Cloze", ["[not a hole] {{c1::x}} `code`<table><tr><td>{{c2::y}}</td></tr></table>", "<img src='a dot &amp; more.png'>"], []),
        ("Default", "City <custom>", ["Bonn", "Germany", '<img src="a dot &amp; more.png">', ""], []),
        ("Default", "City <custom>", ["Rome", "", "", "on <u>hills</u>"], []),
    ]
    for deck, kind, fields, tags in rows:
        note = col.new_note(col.models.by_name(kind))
        note.fields, note.tags = fields, tags
        col.add_note(note, col.decks.id(deck))


# ---- 6: text files

def text(exe, tmp):
    etch = Etch(exe, tmp / "etch")
    (etch.posts / "img").mkdir()
    (etch.posts / "img" / "red dot.png").write_bytes(PNG)
    write_own(etch, OWN)
    etch.run("compile", etch.posts, "--quiet", now=local("2026-10-09"))
    exported(etch, tmp / "first.apkg")
    with Anki(tmp / "anki") as anki:
        anki.load(tmp / "first.apkg")
        for kind in ("tsv", "csv"):
            out = exported(etch, tmp / f"cards.{kind}")
            before = anki.schedule(), anki.notes()
            said = load_text(anki, tmp / f"cards.{kind}")
            check.equal(f"{kind}: every row meets its note", (said.pop("updated", 0) + said.pop("duplicate", 0), said), (out["notes"], {"found": out["notes"]}))
            check.equal(f"{kind}: no text changed", anki.notes(), before[1])
            check.equal(f"{kind}: no card changed", anki.schedule(), before[0])
            there = etch.copy(tmp / kind)
            said = there.json("import", tmp / f"cards.{kind}")[0]
            check.equal(f"{kind}: etch knows its own", (said["new"], said["updated"], said["unchanged"]), (0, 0, out["notes"]))
        write_own(etch, {**OWN, "plain": ("Q: What is edited?\n\nA: \"This\",\tand 'that'.", [])})
        etch.run("compile", "--quiet")
        exported(etch, tmp / "edited.tsv")
        load_text(anki, tmp / "edited.tsv")
        check.that("an edit arrives by text", anki.notes()[guid(anki, "own-plain")][0].startswith("What is edited?\x1f\"This\","), anki.notes()[guid(anki, "own-plain")])
        anki.integrity("text")


def load_text(anki, path):
    meta = anki.col.get_csv_metadata(str(path), None)
    return anki.counted(anki.col.import_csv(import_export_pb2.ImportCsvRequest(path=str(path), metadata=meta)).log)


SCENARIOS = {f.__name__: f for f in (library, edits, progress, roundtrip, foreign, text)}


def pretend_clock(clock, folder):
    """Makes a time zone in which it is a given hour and minute now."""
    hours, minutes = map(int, clock.split(":"))
    now = datetime.now(timezone.utc)
    east = ((hours - now.hour) * 60 + minutes - now.minute + 720) % 1440 - 720
    path = pathlib.Path(folder, "zone")
    path.write_bytes(b"TZif" + bytes(16) + struct.pack(">6l", 0, 0, 0, 0, 1, 4) + struct.pack(">lBB", east * 60, 0, 0) + b"ETC\0")
    os.environ["TZ"] = str(path)
    time.tzset()


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("etch", help="the program")
    p.add_argument("--only", choices=SCENARIOS, action="append", help="run this scenario; may be repeated")
    p.add_argument("--clock", metavar="HH:MM", help="let it be this hour")
    p.add_argument("--keep", action="store_true", help="leave the temporary directory")
    a = p.parse_args()
    exe = shutil.which(os.path.abspath(a.etch))
    if not exe:
        p.error(f"{a.etch} is no program")
    tmp = pathlib.Path(tempfile.mkdtemp(prefix="etch-anki."))
    try:
        if a.clock:
            pretend_clock(a.clock, tmp)
        load_anki()
        print(f"# etch against Anki {buildinfo.version}, {datetime.now().astimezone():%Y-%m-%d %H:%M %z}")
        for name in a.only or SCENARIOS:
            check.prefix = f"{name}: "
            (tmp / name).mkdir()
            try:
                SCENARIOS[name](exe, tmp / name)
            except Exception as e:
                check.that("runs to its end", False, f"{type(e).__name__}: {e} at " + "; ".join(f"line {f.lineno}" for f in traceback.extract_tb(e.__traceback__)))
    finally:
        if a.keep:
            print(f"# left in {tmp}")
        else:
            shutil.rmtree(tmp, ignore_errors=True)
    return bool(check.failed)


def load_anki():
    """The zone must be set before Anki's core starts."""
    global Collection, ExportAnkiPackageOptions, ImportAnkiPackageOptions, ImportAnkiPackageRequest
    global import_export_pb2, buildinfo, Card, CardAnswer
    sys.path.pop(0)  # this folder, where this file would pass for the package
    try:
        from anki.collection import (Collection, ExportAnkiPackageOptions,  # the first of anki: it has an import cycle
                                     ImportAnkiPackageOptions, ImportAnkiPackageRequest)
        from anki import buildinfo, import_export_pb2
        from anki.cards import Card
        from anki.scheduler.v3 import CardAnswer
    except ImportError as e:
        print(f"the anki package is missing ({e}): pip install anki==26.9.3", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    sys.exit(main())
