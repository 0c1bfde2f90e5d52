"""The tasks of celery_check.py. The broker is AMQP_URL, results go to CELERY_RESULTS, and each run has a folder, CELERY_FOLDER, for
what its tasks leave behind, and queues of its own, whose names begin with CELERY_PREFIX."""

import os
import pathlib
import signal
import time

from celery import Celery
from kombu import Queue

prefix = os.environ["CELERY_PREFIX"]
folder = pathlib.Path(os.environ["CELERY_FOLDER"])
plain, ranked = prefix + ".plain", prefix + ".ranked"

app = Celery("celery_tasks", broker=os.environ["AMQP_URL"], backend=os.environ["CELERY_RESULTS"])
app.conf.update(
    task_queues=[Queue(plain), Queue(ranked, queue_arguments={"x-max-priority": 10})],
    task_default_queue=plain,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_send_task_events=True,
    task_send_sent_event=True,
    task_track_started=True,
    result_chord_join_timeout=60,
    broker_connection_retry_on_startup=True,
)


def note(name, text):
    """Appends a line to a file of the run's folder."""
    with open(folder / name, "a", encoding="utf-8") as f:
        f.write(text + "\n")


def notes(name):
    """Returns the lines of a file of the run's folder."""
    path = folder / name
    return path.read_text(encoding="utf-8").split() if path.exists() else []


@app.task
def add(x, y):
    return x + y


@app.task
def total(numbers):
    return sum(numbers)


@app.task(bind=True, max_retries=5)
def unsteady(self, fail):
    """Fails so many times before it succeeds and returns how often it was tried."""
    if self.request.retries < fail:
        raise self.retry(countdown=0.2)
    return self.request.retries + 1


@app.task
def now():
    return time.time()


@app.task
def rank(n):
    note("ranks", str(n))


@app.task
def suicide(name):
    """Kills its process the first time it runs."""
    first = not notes(name)
    note(name, "run")
    if first:
        os.kill(os.getpid(), signal.SIGKILL)
    return len(notes(name))


@app.task
def mark(name):
    note(name, "run")
