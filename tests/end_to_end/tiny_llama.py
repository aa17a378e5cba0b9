"""A real llama.cpp server over a tiny model of random weights; run as a program of its own.

python tiny_llama.py FOLDER    writes the model there, serves it, prints the base URL on a line
of its own, and ends when its standard input does
"""

from __future__ import annotations

import sys
from pathlib import Path

import gguf
import numpy as np
import xllamacpp

CONTEXT = 512
WIDTH = 64
LAYERS = 2
HEADS = 4
FEED_FORWARD = 128
WORDS = tuple(f"▁{first}{second}" for first in "bdfghklmnprst" for second in "aeiou")
TEMPLATE = (
    "{% for message in messages %}{{ message.role }}: {{ message.content }}\n{% endfor %}"
    "{% if add_generation_prompt %}assistant:{% endif %}"
)


def write_model(path: Path) -> None:
    """Write a model of the llama kind that says syllables at random."""
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_name("tiny")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(FEED_FORWARD)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    words = _add_vocabulary(writer)
    _add_weights(writer, words)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _add_vocabulary(writer: gguf.GGUFWriter) -> range:
    """Add special tokens, a token for each byte, and the syllables; give the syllables' places."""
    kinds = gguf.TokenType
    tokens = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), *WORDS]
    types = [kinds.UNKNOWN, kinds.CONTROL, kinds.CONTROL, *[kinds.BYTE] * 256]
    types += [kinds.NORMAL] * len(WORDS)
    writer.add_tokenizer_model("llama")
    writer.add_vocab_size(len(tokens))
    writer.add_token_list(tokens)
    writer.add_token_scores([0.0] * len(tokens))
    writer.add_token_types(types)
    writer.add_unk_token_id(0)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_add_bos_token(True)
    writer.add_chat_template(TEMPLATE)
    return range(len(tokens) - len(WORDS), len(tokens))


def _add_weights(writer: gguf.GGUFWriter, words: range) -> None:
    dice = np.random.default_rng(7)

    def add(name: str, *shape: int) -> None:
        writer.add_tensor(name, dice.normal(0, 0.1, shape).astype(np.float32))

    add("token_embd.weight", words.stop, WIDTH)
    writer.add_tensor("output_norm.weight", np.ones(WIDTH, np.float32))
    said = dice.normal(0, 1, (words.stop, WIDTH)).astype(np.float32)
    said[: words.start] = 0  # the model has nothing to do with single bytes: half a letter is none
    writer.add_tensor("output.weight", said)
    for layer in range(LAYERS):
        for norm in ("attn_norm", "ffn_norm"):
            writer.add_tensor(f"blk.{layer}.{norm}.weight", np.ones(WIDTH, np.float32))
        for square in ("attn_q", "attn_k", "attn_v", "attn_output"):
            add(f"blk.{layer}.{square}.weight", WIDTH, WIDTH)
        for wide in ("ffn_gate", "ffn_up"):
            add(f"blk.{layer}.{wide}.weight", FEED_FORWARD, WIDTH)
        add(f"blk.{layer}.ffn_down.weight", WIDTH, FEED_FORWARD)


def serve(model: Path) -> xllamacpp.Server:
    """Serve a model on a free port of this machine."""
    settings = xllamacpp.CommonParams()
    settings.model.path = str(model)
    settings.model_alias = ["tiny"]
    settings.n_ctx = CONTEXT
    settings.n_parallel = 1
    settings.n_gpu_layers = 0
    settings.warmup = False
    settings.cpuparams.n_threads = 1
    settings.cpuparams_batch.n_threads = 1
    settings.n_threads_http = 4
    settings.hostnames = ["127.0.0.1"]
    settings.port = 0
    return xllamacpp.Server(settings)


if __name__ == "__main__":
    file = Path(sys.argv[1]) / "tiny.gguf"
    write_model(file)
    server = serve(file)
    print(f"\n{server.listening_address}/v1", flush=True)
    sys.stdin.read()
