"""Has a Celery worker do what people have Celery do, and prints a line for each thing that went right.

The broker is AMQP_URL; the rest of the environment is that of celery_tasks.py. Results are looked for where CELERY_RESULTS says: chords need a
backend that is not the broker, everything else is checked with rpc:// too."""

import os
import subprocess
import sys
import threading
import time

from celery import chord
from celery.result import allow_join_result

import celery_tasks as tasks
from celery_tasks import app

PATIENCE = 60


def check(name, ok, detail=""):
    if not ok:
        sys.exit(f"{name}: {detail}")
    print(name, flush=True)


def until(condition):
    end = time.time() + PATIENCE
    while time.time() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    return condition()


def get(result):
    with allow_join_result():
        return result.get(timeout=PATIENCE)


def waiting(queue):
    with app.connection() as connection:
        return connection.channel().queue_declare(queue, passive=True).message_count


def worker():
    return subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "celery_tasks", "worker", "--concurrency", "1", "--without-mingle",
         "--loglevel", os.environ.get("CELERY_LOG", "WARNING"), "--hostname", tasks.prefix + "@here", "-Q", tasks.plain],
        stdout=sys.stderr)


def listen(seen, ready):
    """Gathers the types of events of this run's worker."""
    with app.connection() as connection:
        receiver = app.events.Receiver(connection, handlers={"*": lambda e: seen.append((e["type"], e.get("hostname")))})
        ready.set()
        try:
            receiver.capture(limit=None, timeout=PATIENCE, wakeup=True)
        except Exception:  # the run is over
            pass


def main():
    host = tasks.prefix + "@here"
    seen, ready = [], threading.Event()
    threading.Thread(target=listen, args=(seen, ready), daemon=True).start()
    ready.wait(PATIENCE)
    process = worker()
    try:
        control = app.control.inspect([host], timeout=2)
        check("ping", until(control.ping), "the worker did not answer")
        queues = until(lambda: (control.active_queues() or {}).get(host))
        check("inspect", [q["name"] for q in queues] == [tasks.plain], queues)

        check("result", get(tasks.add.delay(2, 3)) == 5)
        check("retry", get(tasks.unsteady.delay(2)) == 3)

        if not os.environ["CELERY_RESULTS"].startswith("rpc"):
            check("chord", get(chord([tasks.add.s(n, n) for n in range(5)])(tasks.total.s())) == 20)

        before = time.time()
        ran = get(tasks.now.apply_async(countdown=1.5))
        check("countdown", ran - before > 1.4, f"ran after {ran - before} s")

        for countdown in (2, 4, 8, 16):
            before, name = time.time(), f"revoked {countdown}"
            late = tasks.mark.apply_async(args=[name], countdown=countdown)
            app.control.revoke(late.id)
            known = until(lambda: late.id in (control.revoked() or {}).get(host, []))
            if not known or time.time() - before < countdown:
                break  # the machine may have stalled until it was too late
        check("revoke", known, "it is not among the revoked")
        get(tasks.now.apply_async(countdown=countdown + 1))
        check("revoked stays undone", not tasks.notes(name))

        for n in (1, 5, 3, 9, 7, 0):
            tasks.rank.apply_async(args=[n], queue=tasks.ranked, priority=n)
        until(lambda: waiting(tasks.ranked) == 6)
        check("add consumer", app.control.add_consumer(tasks.ranked, destination=[host], reply=True, timeout=PATIENCE))
        check("priorities", until(lambda: len(tasks.notes("ranks")) == 6) and tasks.notes("ranks") == ["9", "7", "5", "3", "1", "0"],
              tasks.notes("ranks"))
        check("cancel consumer", app.control.cancel_consumer(tasks.ranked, destination=[host], reply=True, timeout=PATIENCE))

        check("acks late", get(tasks.suicide.delay("suicide")) == 2)
        check("rate limit", app.control.rate_limit("celery_tasks.add", "100/s", destination=[host], reply=True, timeout=PATIENCE))
        check("purge", app.control.purge() is not None)

        kinds = {"task-sent", "task-received", "task-started", "task-succeeded", "task-retried", "task-revoked", "worker-heartbeat"}
        check("events", until(lambda: kinds <= {k for k, _ in seen}), kinds - {k for k, _ in seen})

        app.control.shutdown(destination=[host])
        check("shutdown", process.wait(PATIENCE) == 0, process.returncode)
    finally:
        if process.poll() is None:
            process.kill()
        with app.connection() as connection:
            channel = connection.channel()
            for queue in (tasks.plain, tasks.ranked):
                channel.queue_delete(queue)
                channel.exchange_delete(queue)


main()
