"""Uses a server of the Agent Protocol by the Python SDK, and asserts what the SDK makes of the answers.

    python exercise.py URL

Each function named in SECTIONS is one conversation, with its own path below URL: record.ts stands between, and writes down what
is said. It needs langgraph-sdk alone, and a server of the graphs in ../graphs.ts.
"""

import asyncio
import sys
import traceback
import uuid
import warnings
from datetime import datetime, timezone

from langgraph_sdk import get_client, get_sync_client
from langgraph_sdk.errors import (
    AuthenticationError,
    ConflictError,
    NotFoundError,
    UnprocessableEntityError,
)

# Ids of this module are of a system assistant or nobody's.
ECHO = str(uuid.uuid5(uuid.UUID("6ba7b821-9dad-11d1-80b4-00c04fd430c8"), "echo"))
NOBODY = "ffffffff-ffff-4fff-8fff-ffffffffffff"


async def refuses(kind, call, words=""):
    """Asserts that a call fails by an error of this kind, and gives it."""
    try:
        await call
    except kind as error:
        assert words in str(error), str(error)
        return error
    raise AssertionError(f"{kind.__name__} was expected")


async def read(stream):
    """All parts of a stream."""
    return [part async for part in stream]


def is_time(text):
    """Whether it is a time with its offset, as Python's own parser reads it."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")).tzinfo is not None


async def assistants(client):
    """Assistants, their versions, and what their graphs are like."""
    api = client.assistants
    made = await api.create(
        "echo",
        {"tags": ["t"], "recursion_limit": 7, "configurable": {"x": 1}},
        metadata={"of": "python assistants", "nest": {"b": [1, 2]}},
        name="Echo 50% of it",
        description="says it again",
    )
    assert made["version"] == 1 and made["graph_id"] == "echo" and is_time(made["created_at"])
    assert made["config"] == {"tags": ["t"], "recursion_limit": 7, "configurable": {"x": 1}}
    assert made["description"] == "says it again"
    id = made["assistant_id"]
    assert await api.get(id) == made
    await refuses(ConflictError, api.create("echo", assistant_id=id))
    assert await api.create("echo", assistant_id=id, if_exists="do_nothing", name="other") == made

    second = await api.update(id, metadata={"more": True}, context={"tone": "dry"}, name="Echo")
    assert second["version"] == 2 and second["metadata"]["of"] == "python assistants"
    assert second["context"] == {"tone": "dry"} and second["config"] == made["config"]
    assert [each["version"] for each in await api.get_versions(id)] == [2, 1]
    assert [each["version"] for each in await api.get_versions(id, limit=1, offset=1)] == [1]
    assert (await api.set_latest(id, 1))["name"] == "Echo 50% of it"
    await refuses(NotFoundError, api.set_latest(id, 99))
    assert (await api.update(id, description="third"))["version"] == 3

    mine = {"of": "python assistants"}
    await api.create("hitl", metadata=mine, name="Asks")
    assert await api.count(metadata=mine) == 2
    assert await api.count(metadata=mine, graph_id="hitl", name="ask") == 1
    page = await api.search(metadata=mine, limit=1, sort_by="name", sort_order="asc", response_format="object")
    assert [each["name"] for each in page["assistants"]] == ["Asks"] and page["next"] == "1"
    last = await api.search(metadata=mine, limit=1, offset=1, sort_by="name", sort_order="asc", response_format="object")
    assert [each["name"] for each in last["assistants"]] == ["Echo 50% of it"] and last["next"] is None
    assert await api.search(metadata={"nest": {"b": [2]}, **mine}, select=["assistant_id"]) == [{"assistant_id": id}]
    assert await api.search(metadata=mine, name="0%", select=["version"]) == [{"version": 3}]

    assert (await api.get("echo"))["assistant_id"] == ECHO
    graph = await api.get_graph("fork", xray=True)
    assert [node["id"] for node in graph["nodes"]] == ["__start__", "first", "second", "__end__"]
    assert len(graph["edges"]) == 3
    schemas = await api.get_schemas("echo")
    assert schemas["graph_id"] == "echo" and "state_schema" in schemas
    await refuses(NotFoundError, api.create("no such graph"))
    await refuses(NotFoundError, api.get(NOBODY))
    await refuses(NotFoundError, api.update(NOBODY, name="x"))
    await api.delete(id, delete_threads=True)
    await refuses(NotFoundError, api.delete(id))
    for left in await api.search(metadata=mine):
        await api.delete(left["assistant_id"])


async def threads(client):
    """Threads: made, found, changed, copied, pruned, removed."""
    api = client.threads
    mine = {"of": "python threads"}
    made = await api.create(metadata={**mine, "n": 1}, graph_id="echo", ttl=60)
    id = made["thread_id"]
    assert made["status"] == "idle" and made["metadata"] == {**mine, "n": 1, "graph_id": "echo"}
    assert made["values"] in (None, {}) and made["interrupts"] == {}
    kept = await api.get(id, include=["ttl"])
    assert kept["ttl"]["strategy"] == "delete" and kept["ttl"]["ttl_minutes"] == 60 and is_time(kept["ttl"]["expires_at"])
    await refuses(ConflictError, api.create(thread_id=id))
    assert (await api.create(thread_id=id, if_exists="do_nothing"))["metadata"] == made["metadata"]

    changed = await api.update(id, metadata={"n": 2}, ttl={"ttl": 90, "strategy": "keep_latest"})
    assert changed["metadata"] == {**mine, "n": 2, "graph_id": "echo"}
    assert await api.update(id, metadata={"m": 3}, return_minimal=True) is None

    # Supersteps are sent with `command: null` beside their values.
    steps = [{"updates": [{"values": {"items": [text]}, "as_node": "echo"}]} for text in ("one", "two")]
    filled = await api.create(metadata=mine, graph_id="echo", supersteps=steps)
    state = await api.get_state(filled["thread_id"])
    assert state["values"]["items"] == ["one", "two"]
    history = await api.get_history(filled["thread_id"])
    assert [entry["metadata"]["source"] for entry in history] == ["update", "update"]

    assert await api.count(metadata=mine) == 2
    assert await api.count(metadata=mine, status="idle") == 2
    oldest = await api.search(metadata=mine, sort_by="created_at", sort_order="asc", select=["thread_id", "status"])
    assert oldest == [{"thread_id": id, "status": "idle"}, {"thread_id": filled["thread_id"], "status": "idle"}]
    assert len(await api.search(metadata=mine, limit=1, offset=1)) == 1
    assert [each["thread_id"] for each in await api.search(ids=[id], status="idle")] == [id]
    assert await api.search(metadata=mine, status="busy") == []
    [found] = await api.search(values={"items": ["two"]}, metadata=mine, extract={"last": "values.items[-1]"})
    assert found["extracted"] == {"last": "two"} and found["thread_id"] == filled["thread_id"]

    copy = await api.copy(filled["thread_id"])
    assert copy["thread_id"] != filled["thread_id"] and copy["metadata"] == filled["metadata"]
    assert (await api.get_state(copy["thread_id"]))["values"] == state["values"]
    ids = [entry["checkpoint"]["checkpoint_id"] for entry in await api.get_history(copy["thread_id"])]
    assert ids == [entry["checkpoint"]["checkpoint_id"] for entry in history]

    assert await api.prune([filled["thread_id"], copy["thread_id"]], strategy="keep_latest") == {"pruned_count": 2}
    assert len(await api.get_history(copy["thread_id"])) == 1
    assert await api.prune([copy["thread_id"]]) == {"pruned_count": 1}
    await refuses(NotFoundError, api.get(copy["thread_id"]))
    await refuses(NotFoundError, api.copy(NOBODY))
    await refuses(UnprocessableEntityError, api.get("no-uuid"))
    await refuses(UnprocessableEntityError, api.search(limit=1001))
    for left in (id, filled["thread_id"]):
        await api.delete(left)
    await refuses(NotFoundError, api.delete(id))


async def states(client):
    """States and their history; one that is written, and a fork from it."""
    api = client.threads
    thread = (await api.create())["thread_id"]
    empty = await api.get_state(thread)
    assert empty["values"] == {} and list(empty["next"]) == [] and empty["tasks"] == []
    assert await api.get_history(thread) == []
    assert await client.runs.wait(thread, "fork", input={"text": "a"}) == {
        "text": "a",
        "items": ["first:a", "second:A"],
    }
    state = await api.get_state(thread, subgraphs=True)
    assert state["values"]["items"] == ["first:a", "second:A"] and is_time(state["created_at"])
    assert state["checkpoint"]["thread_id"] == thread and state["checkpoint"]["checkpoint_ns"] == ""
    assert state["parent_checkpoint"]["checkpoint_id"] != state["checkpoint"]["checkpoint_id"]
    history = await api.get_history(thread, limit=2)
    older = await api.get_history(thread, before=history[1]["checkpoint"])
    assert [list(entry["next"]) for entry in history + older] == [[], ["second"], ["first"], ["__start__"]]
    by_id = await api.get_history(thread, before=history[1]["checkpoint"]["checkpoint_id"])
    assert by_id == older
    assert [entry["metadata"]["step"] for entry in await api.get_history(thread, metadata={"source": "input"})] == [-1]
    at = await api.get_history(thread, checkpoint=older[0]["checkpoint"])
    assert at == older[:1]

    # Parts of a state, by a query, by a body, and of each entry of a history.
    parts = ["next", "values.items"]
    assert await api.get_state(thread, select=parts) == {"next": [], "values": {"items": ["first:a", "second:A"]}}
    assert await api.get_state(thread, history[1]["checkpoint"], select=["next"]) == {"next": ["second"]}
    assert await api.get_history(thread, limit=2, select=["next"]) == [{"next": []}, {"next": ["second"]}]

    middle = history[1]["checkpoint"]
    by_checkpoint = await api.get_state(thread, middle)
    assert by_checkpoint["values"] == {"text": "a", "items": ["first:a"]}
    assert [task["name"] for task in by_checkpoint["tasks"]] == ["second"]
    assert await api.get_state(thread, checkpoint_id=middle["checkpoint_id"]) == by_checkpoint
    patched = await api.update_state(thread, {"text": "b"}, as_node="first", checkpoint_id=middle["checkpoint_id"])
    fork = patched["checkpoint"]
    assert fork["thread_id"] == thread and fork["checkpoint_id"] != middle["checkpoint_id"]
    resumed = await client.runs.wait(thread, "fork", checkpoint=fork)
    assert resumed == {"text": "b", "items": ["first:a", "second:B"]}
    again = await client.runs.wait(thread, "fork", checkpoint_id=middle["checkpoint_id"])
    assert again["items"] == ["first:a", "second:A"]
    # Nothing new, in a checkpoint of its own.
    head = (await api.get_state(thread))["checkpoint"]
    same = (await api.update_state(thread, None))["checkpoint"]
    assert same["checkpoint_id"] != head["checkpoint_id"] and (await api.get_state(thread, same))["values"] == again
    await refuses(UnprocessableEntityError, api.update_state(thread, [{"items": ["x"]}], as_node="second"))
    await refuses(UnprocessableEntityError, api.update_state(thread, {"text": "c"}, as_node="no such node"))
    await refuses(NotFoundError, api.get_state(NOBODY))


async def runs(client):
    """Runs that are waited for, made, joined, listed, and what they say when they fail."""
    api = client.runs
    made = []
    thread = (await client.threads.create())["thread_id"]
    values = await api.wait(
        thread,
        "echo",
        input={"text": "a"},
        config={"tags": ["q"], "recursion_limit": 9, "configurable": {"c": 1}},
        context={"tone": "dry"},
        metadata={"m": 1},
        durability="sync",
        on_disconnect="continue",
        on_run_created=made.append,
    )
    assert values == {"text": "a", "items": ["echo:a"]}
    [run] = await api.list(thread)
    assert made == [{"run_id": run["run_id"], "thread_id": thread}]
    assert run["status"] == "success" and run["assistant_id"] == ECHO and run["metadata"]["m"] == 1
    assert await api.get(thread, run["run_id"]) == run
    shown = await client.threads.get(thread)
    assert shown["status"] == "idle" and shown["values"] == values

    begun = []
    second = await api.create(thread, "echo", input={"text": "b"}, stream_mode=["values"], on_run_created=begun.append)
    assert second["status"] in ("pending", "running") and begun[0]["run_id"] == second["run_id"]
    assert await api.join(thread, second["run_id"]) == {"text": "b", "items": ["echo:a", "echo:b"]}
    # What it came to itself, whatever came after it.
    assert await api.join(thread, run["run_id"]) == values
    assert [each["run_id"] for each in await api.list(thread)] == [second["run_id"], run["run_id"]]
    assert await api.list(thread, limit=1, offset=1, select=["run_id", "status"]) == [
        {"run_id": run["run_id"], "status": "success"}
    ]
    assert await api.list(thread, status="error") == []
    state = await client.threads.get_state(thread)
    await api.delete(thread, second["run_id"])
    await refuses(NotFoundError, api.get(thread, second["run_id"]))

    # Nearly all that can be said of a run.
    whole = await api.create(
        thread,
        "echo",
        input={"text": "w"},
        stream_mode=["values", "messages-tuple"],
        stream_subgraphs=True,
        stream_resumable=True,
        metadata={"w": True},
        config={"tags": ["w"]},
        checkpoint=state["checkpoint"],
        interrupt_before=["no such node here"],
        multitask_strategy="enqueue",
        if_not_exists="reject",
        after_seconds=0,
        langsmith_tracing={"project_name": "p"},
        durability="exit",
    )
    assert whole["multitask_strategy"] == "enqueue" and whole["kwargs"]["stream_subgraphs"] is True
    assert (await api.join(thread, whole["run_id"]))["items"][-1] == "echo:w"

    # Without a thread.
    assert await api.wait(None, "echo", input={"text": "c"}) == {"text": "c", "items": ["echo:c"]}
    kept = []
    await api.wait(None, "echo", input={"text": "d"}, on_completion="keep", on_run_created=kept.append)
    assert kept[0]["thread_id"] is None or (await client.threads.get(kept[0]["thread_id"]))["status"] == "idle"
    both = await api.create_batch(
        [
            {"assistant_id": "echo", "input": {"text": "e"}, "metadata": {"n": 1}},
            {"assistant_id": "echo", "input": {"text": "f"}, "metadata": {"n": 2}},
        ]
    )
    assert [each["metadata"]["n"] for each in both] == [1, 2]

    # Failures.
    failure = await refuses(Exception, api.wait(None, "boom", input={"text": "x"}))
    assert str(failure) == "TypeError: kaput", str(failure)
    broken = await api.wait(thread, "boom", input={"text": "x"}, raise_error=False)
    assert broken == {"__error__": {"error": "TypeError", "message": "kaput"}}
    assert (await client.threads.get(thread))["status"] == "error"
    assert (await api.list(thread, status="error", limit=1))[0]["status"] == "error"
    await refuses(Exception, api.wait(NOBODY, "echo", input={"text": "x"}), "404")
    await refuses(NotFoundError, api.create(NOBODY, "echo", input={"text": "x"}))
    await refuses(NotFoundError, api.create(thread, "no such graph", input={"text": "x"}))
    await refuses(NotFoundError, api.get(thread, NOBODY))
    missing = str(uuid.uuid4())
    done = await api.wait(missing, "echo", input={"text": "n"}, if_not_exists="create")
    assert done["items"] == ["echo:n"] and (await client.threads.get(missing))["thread_id"] == missing


async def interrupts(client):
    """What a graph asks, and its answer; runs that stop before and after nodes."""
    thread = (await client.threads.create())["thread_id"]
    asked = await client.runs.wait(thread, "hitl", input={"text": "q"})
    [question] = asked["__interrupt__"]
    assert question["value"] == {"question": "go?"} and question["id"]
    shown = await client.threads.get(thread)
    [[waiting]] = shown["interrupts"].values()
    assert shown["status"] == "interrupted" and waiting == question
    state = await client.threads.get_state(thread)
    assert list(state["next"]) == ["ask"] and state["tasks"][0]["interrupts"] == [question]
    assert state["interrupts"] == [question]
    [found] = await client.threads.search(ids=[thread], status="interrupted")
    assert found["thread_id"] == thread
    answered = await client.runs.wait(thread, "hitl", command={"resume": "yes"}, strict_resume=True)
    assert answered["items"] == ["answer:yes"]
    assert (await client.threads.get(thread))["interrupts"] == {}

    other = (await client.threads.create())["thread_id"]
    before = await client.runs.wait(other, "fork", input={"text": "a"}, interrupt_before=["second"])
    assert before["items"] == ["first:a"]
    assert list((await client.threads.get_state(other))["next"]) == ["second"]
    after = await client.runs.wait(other, "fork", command={"update": {"text": "z"}})
    assert after["items"] == ["first:a", "second:Z"]
    stopped = await client.runs.wait(other, "fork", input={"text": "b"}, interrupt_after="*")
    assert stopped["items"][-1] == "first:b"


async def streams(client):
    """Streams of runs: each mode, both forms, failures, and reading again."""
    thread = (await client.threads.create())["thread_id"]
    made = []
    parts = await read(
        client.runs.stream(
            thread,
            "fork",
            input={"text": "a"},
            stream_mode=["values", "updates"],
            stream_resumable=True,
            on_run_created=made.append,
        )
    )
    assert [part.event for part in parts] == ["metadata", "values", "updates", "values", "updates", "values"]
    assert parts[0].data["run_id"] == made[0]["run_id"]
    assert parts[2].data == {"first": {"items": ["first:a"]}}
    assert parts[-1].data == (await client.threads.get_state(thread))["values"]
    run = made[0]["run_id"]
    again = await read(client.runs.join_stream(thread, run, last_event_id="-1"))
    assert again == parts, (again, parts)
    assert await read(client.runs.join_stream(thread, run, last_event_id="2")) == parts[3:]
    only = await read(client.runs.join_stream(thread, run, stream_mode="updates", last_event_id="-1"))
    assert [part.event for part in only if part.event != "metadata"] == ["updates", "updates"]
    assert await read(client.runs.join_stream(thread, run, stream_mode=["values"])) == []

    for mode in ("values", "updates", "tasks", "checkpoints", "debug", "custom", "messages", "messages-tuple", "tools"):
        told = await read(client.runs.stream(None, "echo", input={"text": mode}, stream_mode=mode))
        names = {part.event for part in told[1:]}
        assert told[0].event == "metadata" and names <= {mode}, (mode, names)
        assert names or mode in ("custom", "messages", "messages-tuple", "tools"), mode
    # A mode that is not there is refused, and not left out.
    await refuses(UnprocessableEntityError, read(client.runs.stream(None, "echo", stream_mode="lifecycle")), "stream_mode")
    second = [part async for part in client.runs.stream(thread, "hitl", input={"text": "q"}, stream_mode=["values", "updates"], version="v2")]
    assert [part["type"] for part in second][0] == "metadata"
    assert [part["ns"] for part in second] == [[]] * len(second)
    assert [each["value"] for part in second for each in part["interrupts"]] == [{"question": "go?"}]
    failed = await read(client.runs.stream(None, "boom", input={"text": "x"}))
    assert failed[-1].event == "error" and failed[-1].data == {"error": "TypeError", "message": "kaput"}
    await refuses(NotFoundError, read(client.runs.join_stream(thread, NOBODY)))
    await refuses(NotFoundError, read(client.runs.stream(NOBODY, "echo", input={"text": "x"})))

    # All runs of a thread; the stream stays open, so that somebody has to leave.
    events = []
    async for part in await client.threads.join_stream(thread, last_event_id="-", stream_mode=["run_modes", "lifecycle"]):
        events.append(part)
        if [each.event for each in events].count("values") >= 3:
            break
    assert events[0].id and {"metadata", "updates"} <= {part.event for part in events}


async def cancelling(client):
    """Runs that are under way: refused, waiting behind another, cancelled alone and together."""
    api = client.runs
    thread = (await client.threads.create())["thread_id"]
    held = await api.create(thread, "slow", input={"text": "held for python"}, metadata={"k": 1})
    assert (await client.threads.get(thread))["status"] == "busy"
    await refuses(ConflictError, api.create(thread, "echo", input={"text": "r"}, multitask_strategy="reject"))
    later = await api.create(thread, "echo", input={"text": "n"}, multitask_strategy="enqueue")
    await refuses(ConflictError, client.threads.update_state(thread, {"text": "u"}))
    await refuses(ConflictError, api.delete(thread, held["run_id"]))
    assert await api.cancel(thread, held["run_id"], wait=True) is None
    assert (await api.get(thread, held["run_id"]))["status"] == "interrupted"
    assert (await api.join(thread, later["run_id"]))["items"][-1] == "echo:n"
    await api.cancel(thread, held["run_id"])
    await refuses(NotFoundError, api.cancel(thread, NOBODY))

    gone = await api.create(thread, "slow", input={"text": "rolled back for python"})
    await api.cancel(thread, gone["run_id"], wait=True, action="rollback")
    await refuses(NotFoundError, api.get(thread, gone["run_id"]))

    one = await api.create(thread, "slow", input={"text": "one of python"}, after_seconds=3600)
    two = await api.create(thread, "slow", input={"text": "two of python"}, after_seconds=3600)
    await api.cancel_many(thread_id=thread, run_ids=[one["run_id"], two["run_id"]])
    assert await api.list(thread, limit=2, select=["status"]) == [{"status": "interrupted"}] * 2
    await refuses(UnprocessableEntityError, api.cancel_many(status="all", thread_id=thread))

    # The one that comes takes the other's place.
    first = await api.create(thread, "slow", input={"text": "displaced of python"})
    values = await api.wait(thread, "echo", input={"text": "i"}, multitask_strategy="interrupt")
    assert values["items"][-1] == "echo:i"
    assert (await api.get(thread, first["run_id"]))["status"] == "interrupted"
    await client.threads.delete(thread)


async def store(client):
    """Items of the store: kept, found, filtered, removed."""
    api = client.store
    space = ["python", "memories 50%", "ü"]
    await api.put_item(space, "a", {"n": 1, "color": "red", "nest": {"deep": [1, {"x": None}]}})
    first = await api.get_item(space, "a")
    assert first["namespace"] == space and first["value"]["nest"] == {"deep": [1, {"x": None}]}
    assert is_time(first["created_at"]) and is_time(first["updated_at"])
    await api.put_item(space, "a", {"n": 2, "color": "red"}, index=False)
    second = await api.get_item(space, "a", refresh_ttl=False)
    assert second["value"] == {"n": 2, "color": "red"} and second["created_at"] == first["created_at"]
    await api.put_item(space, "b", {"n": 5, "color": "blue"}, ttl=60)
    await api.put_item(["python", "other"], "c", {"n": "5", "nul": "a\0b"})
    assert (await api.get_item(["python", "other"], "c"))["value"]["nul"] == "a\0b"
    found = await api.search_items(["python"], filter={"n": {"$gt": 2}})
    assert [item["key"] for item in found["items"]] == ["b"]
    assert [item["key"] for item in (await api.search_items(space, filter={"color": "red"}))["items"]] == ["a"]
    assert (await api.search_items(["pyth"]))["items"] == []
    paged = await api.search_items(space, limit=1, offset=2, refresh_ttl=False)
    assert paged["items"] == []
    names = await api.list_namespaces(prefix=["python"], suffix=["ü"])
    assert names["namespaces"] == [space]
    assert (await api.list_namespaces(["python"], max_depth=1))["namespaces"] == [["python"]]
    assert await api.get_item(space, "no such key") is None
    for namespace, key in ((space, "a"), (space, "a"), (space, "b"), (["python", "other"], "c")):
        assert await api.delete_item(namespace, key) is None
    assert (await api.search_items(["python"]))["items"] == []
    await refuses(UnprocessableEntityError, api.put_item(["langgraph"], "k", {"n": 1}))
    await refuses(UnprocessableEntityError, api.put_item([], "k", {"n": 1}))


async def crons(client):
    """Crons: made, found, changed, removed; none of them comes while this runs."""
    api = client.crons
    mine = {"of": "python crons"}
    cron = await api.create("echo", schedule="0 0 1 1 *", input={"text": "tick"}, metadata=mine, timezone="Europe/Paris")
    assert cron["enabled"] and cron["timezone"] == "Europe/Paris" and is_time(cron["next_run_date"])
    assert cron["thread_id"] is None and cron["payload"]["input"] == {"text": "tick"} and cron["metadata"] == mine
    thread = (await client.threads.create())["thread_id"]
    bound = await api.create_for_thread(
        thread,
        "echo",
        schedule="0 0 1 1 *",
        metadata=mine,
        multitask_strategy="enqueue",
        end_time=datetime(2020, 1, 1, tzinfo=timezone.utc),
    )
    assert bound["thread_id"] == thread and bound["next_run_date"] is None
    assert await api.count(metadata=mine) == 2 and await api.count(thread_id=thread) == 1
    revived = await api.update(bound["cron_id"], end_time=None, schedule="30 4 * * 1", input={"text": "tock"})
    assert revived["end_time"] is None and revived["next_run_date"] and revived["schedule"] == "30 4 * * 1"
    assert (await api.update(cron["cron_id"], enabled=False))["enabled"] is False
    assert [each["cron_id"] for each in await api.search(metadata=mine, enabled=True)] == [bound["cron_id"]]
    listed = await api.search(metadata=mine, enabled=False, sort_by="created_at", sort_order="asc", select=["cron_id"])
    assert listed == [{"cron_id": cron["cron_id"]}]
    await refuses(UnprocessableEntityError, api.create("echo", schedule="whenever"))
    await refuses(UnprocessableEntityError, api.create("echo", schedule="0 0 1 1 *", timezone="Nowhere/At_all"))
    await refuses(NotFoundError, api.create_for_thread(NOBODY, "echo", schedule="0 0 1 1 *"))
    await api.delete(cron["cron_id"])
    await refuses(NotFoundError, api.delete(cron["cron_id"]))
    await client.threads.delete(thread)
    assert await api.count(metadata=mine) == 0


async def errors(client):
    """What errors say, and who is let in."""
    found = await refuses(NotFoundError, client.threads.get(NOBODY))
    assert found.status_code == 404 and NOBODY in found.message and found.request_id
    wrong = await refuses(UnprocessableEntityError, client.assistants.search(limit=0))
    assert wrong.body["detail"] and "limit" in str(wrong.body["detail"])
    url = str(client.http.client.base_url)
    async with get_client(url=url, api_key="nobody's") as stranger:
        refused = await refuses(AuthenticationError, stranger.assistants.get("echo"))
        assert refused.message == "The key is not known."
    # Another tenant sees nothing of what is not its own.
    thread = (await client.threads.create(metadata={"of": "python errors"}))["thread_id"]
    async with get_client(url=url, api_key="bert") as other:
        await refuses(NotFoundError, other.threads.get(thread))
        assert await other.threads.search(metadata={"of": "python errors"}) == []
    await client.threads.delete(thread)


async def synchronous(client):
    """The SDK's other client, without asyncio."""
    with get_sync_client(url=str(client.http.client.base_url), api_key="anna") as plain:
        thread = plain.threads.create(metadata={"of": "python synchronous"})["thread_id"]
        assert plain.runs.wait(thread, "echo", input={"text": "s"})["items"] == ["echo:s"]
        parts = list(plain.runs.stream(thread, "echo", input={"text": "t"}, stream_mode=["updates"]))
        assert [part.event for part in parts] == ["metadata", "updates"]
        assert plain.threads.get_state(thread)["values"]["items"] == ["echo:s", "echo:t"]
        assert plain.store.get_item(["python", "none"], "k") is None
        plain.threads.delete(thread)


SECTIONS = (assistants, threads, states, runs, interrupts, streams, cancelling, store, crons, errors, synchronous)


async def main(url, names):
    # Nothing here breaks off, so that the SDK has no reason to warn of a connection.
    warnings.simplefilter("error")
    failed = []
    for section in SECTIONS:
        if names and section.__name__ not in names:
            continue
        async with get_client(url=f"{url}/{section.__name__}", api_key="anna") as client:
            try:
                await section(client)
                print(f"{section.__name__}: {section.__doc__}", flush=True)
            except Exception:
                traceback.print_exc()
                failed.append(section.__name__)
    return 1 if failed else 0


sys.exit(asyncio.run(main(sys.argv[1], sys.argv[2:])))
