#!/usr/bin/env python3
# SPDX-FileCopyrightText: The MoE Workbench developers
# SPDX-License-Identifier: Apache-2.0
"""The official openai client against `moe serve`: every route and option. For people, not for ctest:

    pip install openai
    python3 tests/e2e/openai_client.py build/release/bin/moe MODEL_DIR
"""
import concurrent.futures
import os
import re
import subprocess
import sys
import urllib.request

import openai

KEY = "a key of this test"
PROMPT = [{"role": "user", "content": "hello there"}]


def start(program, model):
    process = subprocess.Popen([program, "serve", "--model", model, "--port", "0", "--parallel", "4",
                                "--api-key", KEY], stderr=subprocess.PIPE, text=True)
    for line in process.stderr:
        found = re.search(r"(http://\S+)/v1", line)
        if found:
            return process, found.group(1)
    sys.exit("moe serve did not start")


def check(name, condition):
    print(("ok    " if condition else "FAIL  ") + name)
    check.failed += not condition


check.failed = 0


def refused(name, kind, call, **options):
    try:
        call(**options)
    except kind as error:
        check(f"{name}: {error.status_code}, {error.body['message']}", True)
    except Exception as error:  # noqa: BLE001 (whatever else comes is the failure)
        check(f"{name}: {error!r}", False)
    else:
        check(f"{name}: was answered", False)


def routes(client, base, model):
    models = client.models.list().data
    check("models.list", [m.id for m in models] == [model] and models[0].object == "model")
    check("models.retrieve", client.models.retrieve(model).id == model)
    refused("models.retrieve of another", openai.NotFoundError, client.models.retrieve, model="other")
    check("/health", urllib.request.urlopen(base + "/health").status == 200)
    metrics = urllib.request.urlopen(base + "/metrics").read().decode()
    names = {line.split("{")[0].split(" ")[0] for line in metrics.splitlines() if not line.startswith("#")}
    typed = {line.split()[2] for line in metrics.splitlines() if line.startswith("# TYPE")}
    check("/metrics name their types", all(re.sub("_(bucket|sum|count)$", "", n) in typed for n in names))
    for key in ("wrong", "", KEY + "x"):
        other = openai.OpenAI(base_url=base + "/v1", api_key=key or "none", max_retries=0)
        refused(f"key {key!r}", openai.AuthenticationError, other.models.list)


def chats(client, model):
    create = client.chat.completions.create
    ask = dict(model=model, messages=PROMPT, max_tokens=12, seed=5)
    whole = create(**ask)
    text = whole.choices[0].message.content
    check("chat", whole.object == "chat.completion" and whole.choices[0].message.role == "assistant")
    check("usage", whole.usage.total_tokens == whole.usage.prompt_tokens + whole.usage.completion_tokens)
    check("seed", create(**ask).choices[0].message.content == text)
    parts = [{"role": "user", "content": [{"type": "text", "text": "hello there"}]}]
    check("text parts", create(**{**ask, "messages": parts}).choices[0].message.content == text)
    newer = {k: v for k, v in ask.items() if k != "max_tokens"}
    check("max_completion_tokens", create(**newer, max_completion_tokens=12).choices[0].message.content == text)
    check("ignored keys", create(**ask, user="u", store=False, metadata={"a": "b"}).choices[0].message.content == text)

    chunks = list(create(**ask, stream=True, stream_options={"include_usage": True}))
    check("stream: role first", chunks[0].choices[0].delta.role == "assistant")
    check("stream: same text", "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == text)
    check("stream: usage last", chunks[-1].usage == whole.usage and not chunks[-1].choices)
    check("stream: finish reason", chunks[-2].choices[0].finish_reason == whole.choices[0].finish_reason)
    check("stream: no usage unless asked", all(c.usage is None for c in create(**ask, stream=True)))

    three = create(**ask, n=3)
    check("n", len(three.choices) == 3 and three.choices[0].message.content == text)
    streamed = ["", "", ""]
    for chunk in create(**ask, n=3, stream=True):
        streamed[chunk.choices[0].index] += chunk.choices[0].delta.content or ""
    check("n streamed", streamed == [c.message.content for c in three.choices])

    greedy = dict(ask, temperature=0)
    plain = create(**greedy).choices[0].message.content
    check("temperature 0 needs no seed", create(**{**greedy, "seed": 77}).choices[0].message.content == plain)
    check("top_p 0 is greedy", create(**ask, top_p=0).choices[0].message.content == plain)
    stop = plain[len(plain) // 2:len(plain) // 2 + 2]
    stopped = create(**greedy, stop=stop).choices[0]
    check("stop", stopped.message.content == plain[:plain.index(stop)] and stopped.finish_reason == "stop")
    check("stop, a list", create(**greedy, stop=["never", stop]).choices[0].message.content == stopped.message.content)
    halted = create(**greedy, stop=stop, stream=True)
    check("stop, streamed", "".join(c.choices[0].delta.content or "" for c in halted) == stopped.message.content)
    create(**ask, presence_penalty=0.5, frequency_penalty=0.5)
    create(**ask, extra_body={"top_k": 5, "min_p": 0.1, "repetition_penalty": 1.2})

    scored = create(**ask, logprobs=True, top_logprobs=3)
    content = scored.choices[0].logprobs.content
    check("logprobs", len(content) == scored.usage.completion_tokens and all(len(t.top_logprobs) == 3 for t in content))
    check("logprobs spell the text", b"".join(bytes(t.bytes) for t in content).decode(errors="replace") == text)
    live = [t for c in create(**ask, logprobs=True, top_logprobs=3, stream=True)
            for t in (c.choices[0].logprobs.content if c.choices[0].logprobs else [])]
    check("logprobs streamed", live == content)


def completions(client, model):
    create = client.completions.create
    ask = dict(model=model, prompt="hello there", max_tokens=8, seed=3)
    whole = create(**ask)
    check("completion", whole.object == "text_completion" and whole.usage.completion_tokens <= 8)
    check("completion streamed", "".join(c.choices[0].text for c in create(**ask, stream=True)) == whole.choices[0].text)
    two = create(**{**ask, "prompt": ["hello there", "good bye"]}, n=2)
    check("two prompts, two choices", [c.index for c in two.choices] == [0, 1, 2, 3]
          and two.choices[0].text == whole.choices[0].text)
    check("token ids", create(**{**ask, "prompt": [5, 6, 7]}).usage.prompt_tokens == 3)
    scored = create(**ask, logprobs=2).choices[0].logprobs
    check("completion logprobs", len(scored.tokens) == len(scored.token_logprobs) == len(scored.text_offset))


def refusals(client, model):
    create = client.chat.completions.create
    ask = dict(model=model, messages=PROMPT, max_tokens=4)
    bad = openai.BadRequestError
    refused("another model", openai.NotFoundError, create, **{**ask, "model": "other"})
    for key, value in [("temperature", 2.1), ("temperature", -1), ("top_p", 1.5), ("n", 0), ("n", 1000),
                       ("max_tokens", 0), ("max_completion_tokens", -1), ("presence_penalty", 3), ("top_logprobs", 3),
                       ("stop", ["a"] * 5), ("stop", ""), ("seed", 1.5), ("messages", []), ("logprobs", "yes"),
                       ("stream", 1), ("temperature", "hot"), ("messages", "hello"),
                       ("stream_options", {"include_usage": True}),
                       ("tools", [{"type": "function", "function": {"name": "f"}}]),
                       ("response_format", {"type": "json_object"}), ("logit_bias", {"1": 1}), ("tempature", 1)]:
        body = {k: v for k, v in ask.items() if k != key}
        refused(f"{key} {value!r}"[:60], bad, create, **{"messages": [], **body, "extra_body": {key: value}})
    refused("too long a prompt", bad, create, **{**ask, "messages": [{"role": "user", "content": "word " * 50000}]})
    refused("an image", bad, create, **{**ask, "messages": [
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:"}}]}]})


def together(client, model):
    def say(i, stream):
        options = dict(model=model, seed=i, max_tokens=20, messages=[{"role": "user", "content": "number " + "x" * i}])
        if not stream:
            return client.chat.completions.create(**options).choices[0].message.content
        return "".join(c.choices[0].delta.content or "" for c in client.chat.completions.create(**options, stream=True))

    alone = [say(i, False) for i in range(16)]
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        check("16 streams at once", list(pool.map(lambda i: say(i, True), range(16))) == alone)


def main():
    program, folder = sys.argv[1:3]
    process, base = start(program, folder)
    model = os.path.basename(os.path.abspath(folder))
    client = openai.OpenAI(base_url=base + "/v1", api_key=KEY, max_retries=0)
    try:
        routes(client, base, model)
        chats(client, model)
        completions(client, model)
        refusals(client, model)
        together(client, model)
    finally:
        process.terminate()
    check("exit status 143", process.wait(10) == 143)
    sys.exit(1 if check.failed else 0)


if __name__ == "__main__":
    main()
