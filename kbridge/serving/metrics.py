"""Counts and times for Prometheus, put together over all worker processes."""

from __future__ import annotations

import os

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

#: the variable by which prometheus_client finds the folder that the worker processes share
FOLDER = "PROMETHEUS_MULTIPROC_DIR"

SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 60)
ROWS = (1, 2, 4, 8, 16, 32, 64, 128, 256)


class Metrics:
    """The counters of an application; each has its own registry, so that one process may have several applications."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter("kbridge_requests", "Requests by model and HTTP status.", ["model", "status"], registry=self.registry)
        self.errors = Counter("kbridge_errors", "Requests that a model or the server failed, by model.", ["model"], registry=self.registry)
        self.latency = Histogram(
            "kbridge_request_seconds", "Seconds from a request's head to its answer.", ["model"], buckets=SECONDS, registry=self.registry
        )
        self.batches = Histogram(
            "kbridge_batch_rows", "Rows that were predicted together.", ["model"], buckets=ROWS, registry=self.registry
        )
        self.waiting = Gauge(
            "kbridge_queue_requests", "Requests that wait for a model.", ["model"], registry=self.registry, multiprocess_mode="livesum"
        )

    def text(self) -> bytes:
        """All of it in Prometheus' text format."""
        if FOLDER in os.environ:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)
            return generate_latest(registry)
        return generate_latest(self.registry)
