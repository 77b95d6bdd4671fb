"""The faster sums give what the library's own give."""

from __future__ import annotations

import torch
from zoomearth.training.architecture import Shape, build_model, weigh_attention
from zoomearth.training.packing import additive_mask
from zoomearth.training.speed import hasten_vision
from zoomearth.training.tokenizer import build_tokenizer


def test_equal_features_and_gradients_for_pictures_of_two_sizes() -> None:
    shape = Shape(
        vision_width=32, vision_layers=3, vision_inner=64, text_width=32, text_layers=1, text_inner=32
    )
    model = build_model(shape, build_tokenizer(["a b"], 10), seed=0)
    grids = torch.tensor([[1, 20, 20], [1, 14, 6]])
    torch.manual_seed(1)
    patches = torch.randn(400 + 84, 3 * 2 * 12 * 12)

    def features() -> tuple[torch.Tensor, torch.Tensor]:
        model.zero_grad()
        seen = torch.cat(list(model.model.get_image_features(patches, grids).pooler_output))
        seen.square().sum().backward()
        gradient = model.model.visual.patch_embed.proj.weight.grad
        assert gradient is not None
        return seen.detach(), gradient.clone()

    slow, slow_gradient = features()
    hasten_vision(model)
    fast, fast_gradient = features()
    assert torch.allclose(slow, fast, atol=1e-4)
    assert torch.allclose(
        slow_gradient, fast_gradient, rtol=1e-3, atol=1e-3 * float(slow_gradient.abs().max())
    )


def test_one_layer_gives_its_weights_and_the_scores_stay() -> None:
    tokenizer = build_tokenizer(["a b c d"], 10)
    shape = Shape(
        vision_width=32, vision_layers=1, vision_inner=32, text_width=64, text_layers=3, text_inner=32
    )
    model = build_model(shape, tokenizer, seed=0).eval()
    ids = torch.arange(10)[None]
    mask = additive_mask(torch.ones(1, 10, 10, dtype=torch.bool).tril(), torch.float32)

    def attend(layer: int):
        weigh_attention(model, layer)
        with torch.no_grad():
            return model(input_ids=ids, attention_mask=mask, output_attentions=True, use_cache=False)

    with torch.no_grad():
        plain = model(input_ids=ids, use_cache=False).logits
    first, last = attend(0), attend(2)
    assert torch.allclose(first.logits, plain, atol=1e-5) and torch.allclose(last.logits, plain, atol=1e-5)
    assert len(first.attentions) == len(last.attentions) == 1
    assert torch.allclose(first.attentions[0].sum(-1), torch.ones(1, 4, 10))
    assert not torch.allclose(first.attentions[0], last.attentions[0])
