// Reads the stream of events with fetch, which can send the token, and goes on where it stopped.

import { ask } from "./api.js";

const WAIT_MS = [1000, 2000, 5000, 10000, 30000];

// Calls `told` with each {id, event, data}; returns what ends the reading.
export function follow(told) {
  const ending = new AbortController();
  read(told, ending.signal);
  return () => ending.abort();
}

async function read(told, signal) {
  let last = null;
  let failures = 0;
  while (!signal.aborted) {
    try {
      const headers = last === null ? {} : { "Last-Event-ID": last };
      const reply = await ask("/v1/events", { headers, signal });
      for await (const event of events(reply.body)) {
        if (event.id !== undefined) last = event.id;
        failures = 0;
        if (event.data) told(event);
      }
    } catch {
      if (signal.aborted) return;
      failures += 1;
    }
    const longest = WAIT_MS[Math.min(failures, WAIT_MS.length - 1)];
    await new Promise((resolve) => { setTimeout(resolve, longest * (0.5 + Math.random() / 2)); });
  }
}

async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const blocks = (rest + value.replaceAll("\r\n", "\n")).split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) yield parsed(block);
  }
}

function parsed(block) {
  const event = { event: "message", data: "" };
  for (const line of block.split("\n")) {
    const [, name, value] = /^(\w*): ?(.*)$/.exec(line) || [];
    if (name === "data") event.data += event.data ? `\n${value}` : value;
    else if (name) event[name] = value;
  }
  return event;
}
