"""WT-DiT: noisy layered geometry and image tokens in, the clean layered geometry out (ARCHITECTURE sections 5-13).

Shape letters: b batch, t frames, l layers, v = t x l views (frame-major), p patches, d width.
"""

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from wt.errors import WtError
from wt.model.blocks import Block, Kind, Views
from wt.model.config import BLOCK_CYCLE, PATCH, WTDiTConfig
from wt.model.embeddings import grid_positions, patchify, rotary_table, time_features, unpatchify
from wt.model.encoder import build_encoder
from wt.model.refinement import Refinement
from wt.model.temporal import temporal_block
from wt.model.vit import DinoV2
from wt.types import Bool, Float

JOINT_NORM_EPS = 1e-6
PATCH_CHANNELS = 3 * PATCH * PATCH


class TimeNetwork(nn.Module):
    """Diffusion time to the six modulation rows A(t) that every block shares (section 6); always float32."""

    def __init__(self, config: WTDiTConfig) -> None:
        super().__init__()
        self.features = config.time_features
        self.first = nn.Linear(config.time_features, config.width)
        self.second = nn.Linear(config.width, config.width)
        self.rows = nn.Linear(config.width, 6 * config.width)
        for linear in (self.first, self.second):
            nn.init.normal_(linear.weight, std=0.02)
            nn.init.zeros_(linear.bias)
        nn.init.xavier_uniform_(self.rows.weight)
        nn.init.zeros_(self.rows.bias)

    def forward(self, t: Float[Tensor, "*n"]) -> Float[Tensor, "*n 6 d"]:
        """Rows: attention shift, scale, gate, MLP shift, scale, gate."""
        with torch.autocast(t.device.type, enabled=False):
            hidden = self.second(nn.functional.silu(self.first(time_features(t, self.features))))
            return self.rows(nn.functional.silu(hidden)).unflatten(-1, (6, -1))


class LayerConditioning(nn.Module):
    """The layer table, its FiLM, and its AdaLN where the variant has one (section 7); always float32."""

    def __init__(self, config: WTDiTConfig, *, adaln: bool) -> None:
        super().__init__()
        width = config.width
        self.table = nn.Embedding(config.layers, width)
        self.film_in = nn.Linear(width, width)
        self.film_out = nn.Linear(width, 2 * width)
        nn.init.zeros_(self.film_out.weight)
        nn.init.zeros_(self.film_out.bias)
        self.adaln = nn.Linear(width, 6 * width) if adaln else None
        if self.adaln is not None:
            nn.init.zeros_(self.adaln.weight)
            nn.init.zeros_(self.adaln.bias)

    def gamma_beta(self) -> Float[Tensor, "l k"]:
        """gamma and beta of every layer side by side."""
        with torch.autocast(self.table.weight.device.type, enabled=False):
            return self.film_out(nn.functional.gelu(self.film_in(self.table.weight)))

    def rows(self) -> Float[Tensor, "l 6 d"] | None:
        """R_l, or None for a variant without layer AdaLN."""
        if self.adaln is None:
            return None
        with torch.autocast(self.table.weight.device.type, enabled=False):
            return self.adaln(nn.functional.silu(self.table.weight)).unflatten(-1, (6, -1))


class Stack(nn.Module):
    """Blocks in the cycle layer-wise, ray-wise, global, with FiLM before every layer-wise one (sections 7, 10, 12)."""

    def __init__(self, config: WTDiTConfig, num_blocks: int, num_temporal: int, *, adaln: bool) -> None:
        super().__init__()
        make = (config.width, config.heads)
        self.layer = LayerConditioning(config, adaln=adaln)
        self.blocks = nn.ModuleList(Block(*make, config.layerscale_init) for _ in range(num_blocks))
        self.temporal = nn.ModuleList(temporal_block(config) for _ in range(num_temporal))
        self.ray_attention = config.ray_attention
        self.checkpointing = False
        """Training: the activations inside blocks are computed again for the gradient instead of being kept."""

    def forward(self, x: Float[Tensor, "b v p d"], time: Float[Tensor, "b #v 6 d"], views: Views) -> Tensor:
        """Run every block on the residual stream; temporal blocks only where there is more than one frame."""
        gamma, beta = (part.repeat(views.frames, 1)[None, :, None] for part in self.layer.gamma_beta().chunk(2, dim=-1))
        rows = self.layer.rows()
        layered = time if rows is None else time + rows.repeat(views.frames, 1, 1)
        for index, block in enumerate(self.blocks):
            kind = BLOCK_CYCLE[index % 3]
            if kind == "layer":
                x = torch.addcmul(beta, x, 1 + gamma)
            attends: Kind = "layer" if kind == "ray" and not self.ray_attention else kind
            x = self._run(block, x, layered if kind == "layer" else time, attends, views)
            if kind == "global" and views.frames > 1 and len(self.temporal):
                x = self._run(self.temporal[index // 3], x, time, "time", views)
        return x

    def _run(self, block: nn.Module, x: Tensor, conditioning: Tensor, kind: Kind, views: Views) -> Tensor:
        if self.checkpointing and torch.is_grad_enabled():
            # No block draws random numbers, so their state need not be kept.
            return checkpoint(block, x, conditioning, kind, views, use_reentrant=False, preserve_rng_state=False)
        return block(x, conditioning, kind, views)


class WTDiT(nn.Module):
    """The network. Published and small variants differ in their `WTDiTConfig` only.

    `encode` once per photo, `condition` once per photo (it is trained), `forward` once per sampling step.
    """

    def __init__(self, config: WTDiTConfig) -> None:
        super().__init__()
        self.config = config
        width = config.width
        self.encoder = build_encoder(config.encoder)
        self.image_proj = nn.Linear(config.encoder.channels, width)
        self.fuse_image = nn.Linear(width, width // 2)
        self.fuse_noise = nn.Linear(2 * PATCH_CHANNELS, width // 2)
        self.time = TimeNetwork(config)
        self.decoder = Stack(config, config.decoder_blocks, config.temporal_blocks, adaln=config.layer_adaln)
        self.head = Stack(config, config.head_blocks, 0, adaln=False)
        self.out = nn.Linear(width, PATCH_CHANNELS)
        self.out_mask = nn.Linear(width, PATCH * PATCH) if config.layer_mask else None
        self.refine = Refinement(config.layers, config.refine_channels, PATCH) if config.refine_channels else None
        self.freeze_encoder()
        self._tables: dict[tuple, dict[str, tuple[Tensor, Tensor]]] = {}

    def checkpoint_blocks(self, on: bool) -> None:
        """Trade time for memory in training: loss and gradients stay the same."""
        self.decoder.checkpointing = self.head.checkpointing = on

    def freeze_encoder(self) -> None:
        """Keep gradients from an encoder that is part of the module, and from the published one's projection."""
        if isinstance(self.encoder, nn.Module):
            self.encoder.requires_grad_(False)
        if isinstance(self.encoder, DinoV2):
            self.image_proj.requires_grad_(False)

    @torch.no_grad()
    def encode(
        self, rgb: Float[Tensor, "b *t 3 h w"], grid: tuple[int, int] | None = None
    ) -> Float[Tensor, "b *t p c"]:
        """Frozen features of the photo on the patch grid (section 4, steps 1-6).

        Args:
            rgb: in [0, 1]. The small encoder resizes it to its own side, so any size will do; DINOv2 sees grid x 14.
            grid: patch rows and columns; by default those of the configuration's square input for the small encoder
                (whose picture may have any size) and those of `rgb` itself for DINOv2.
        """
        if grid is None:
            own = (rgb.shape[-2] // PATCH, rgb.shape[-1] // PATCH)
            grid = own if isinstance(self.encoder, DinoV2) else (self.config.grid, self.config.grid)
        features = self.encoder.features(rgb.flatten(0, -4), grid)
        return features.unflatten(0, rgb.shape[:-3])

    def image_tokens(self, features: Float[Tensor, "b *t p c"]) -> Float[Tensor, "b v p d"]:
        """Project, repeat over layers, add the layer embedding, normalise jointly (section 5.1 steps 1-4)."""
        e = self.image_proj(features).float()
        e = e[:, None] if e.ndim == 3 else e  # [b, t, p, d]
        e = (e[:, :, None] + self.decoder.layer.table.weight[:, None]).flatten(1, 2)
        variance, mean = torch.var_mean(e, dim=(1, 2, 3), correction=0, keepdim=True)
        return (e - mean) * torch.rsqrt(variance + JOINT_NORM_EPS) * self.config.image_token_gain

    def condition(self, features: Float[Tensor, "b *t p c"]) -> Float[Tensor, "b v p k"]:
        """The image half of the tokens (section 5.1); neither noise nor time enters."""
        return self.fuse_image(self.image_tokens(features))

    def noise_half(self, z: Float[Tensor, "b v h w 3"], rgb: Float[Tensor, "b *t 3 h w"]) -> Float[Tensor, "b v p k"]:
        """Linear of each patch's colours and noisy points side by side (section 5.2).

        The colour part is the same for every layer, so it is computed once per frame.
        """
        pixels = rgb[:, None] if rgb.ndim == 4 else rgb
        colour_weight, point_weight = self.fuse_noise.weight.split(PATCH_CHANNELS, dim=1)
        colour = nn.functional.linear(patchify(pixels.permute(0, 1, 3, 4, 2)), colour_weight, self.fuse_noise.bias)
        return nn.functional.linear(patchify(z), point_weight) + colour.repeat_interleave(self.config.layers, dim=1)

    def forward(
        self,
        x_t: Float[Tensor, "b v h w 3"],
        t: Float[Tensor, "b"] | Float[Tensor, "b v"],
        tokens: Float[Tensor, "b v p k"],
        rgb: Float[Tensor, "b *t 3 h w"],
        mask: Bool[Tensor, "b #v h w"] | None = None,
        fill_noise: Float[Tensor, "b v h w 3"] | None = None,
    ) -> Float[Tensor, "b v h w 3"]:
        """The clean geometry x0 in normalised coordinates, float32.

        Args:
            x_t: noisy normalised geometry; height and width are multiples of 14, not necessarily equal.
            t: diffusion time in [0, 1], one per sample or one per view.
            tokens: `condition(encode(rgb))`.
            rgb: in [0, 1], on the pixels of x_t, not normalised.
            mask: valid pixels. Where it is False the network sees `fill_noise`, or fresh noise if that is None.
            fill_noise: standard normal.

        Raises:
            WtError: sides that are not multiples of 14, or views that do not fit the layers.
        """
        x_0, surface = self.endpoint(x_t, t, tokens, rgb, mask, fill_noise)
        return x_0 if surface is None else forward_fill(x_0, surface > 0, self.config.layers)

    def endpoint(
        self,
        x_t: Float[Tensor, "b v h w 3"],
        t: Float[Tensor, "b"] | Float[Tensor, "b v"],
        tokens: Float[Tensor, "b v p k"],
        rgb: Float[Tensor, "b *t 3 h w"],
        mask: Bool[Tensor, "b #v h w"] | None = None,
        fill_noise: Float[Tensor, "b v h w 3"] | None = None,
    ) -> tuple[Float[Tensor, "b v h w 3"], Float[Tensor, "b v h w"] | None]:
        """As `forward`, before the filling by the mask of layers: (x0, logits of "this layer has a surface here").

        The logits are None unless the configuration has a mask of layers.
        """
        v, height, width = x_t.shape[1:4]
        if height % PATCH or width % PATCH or v % self.config.layers:
            raise WtError(
                f"WT-DiT needs sides that are multiples of {PATCH} and {self.config.layers} views a frame; "
                f"got {width} x {height} pixels and {v} views."
            )
        z = x_t
        if mask is not None:
            fill = torch.randn_like(x_t) if fill_noise is None else fill_noise
            z = torch.where(mask[..., None], x_t, fill)
        x = torch.cat([tokens, self.noise_half(z, rgb).to(tokens.dtype)], dim=-1).float()
        views = self.views(v // self.config.layers, height // PATCH, width // PATCH, x_t.device)
        time = self.time(t)
        time = time[:, None] if t.ndim == 1 else time
        x = self.head(self.decoder(x, time, views), time, views)
        # The raw output is the negated endpoint (section 13).
        x_0 = -unpatchify(self.out(x).float(), height, width)
        if self.refine is not None:
            x_0 = self._refined(x_0, rgb, mask)
        if self.out_mask is None:
            return x_0, None
        return x_0, unpatchify(self.out_mask(x).float(), height, width)[..., 0]

    def _refined(self, x_0: Tensor, rgb: Tensor, mask: Tensor | None) -> Tensor:
        """Frame by frame; arguments as of `endpoint`."""
        frames = x_0.unflatten(1, (-1, self.config.layers)).flatten(0, 1)
        seen = None
        if mask is not None:
            # One mask for all views, or one for each; the layers of a frame share theirs.
            seen = mask.expand(-1, x_0.shape[1], -1, -1)[:, :: self.config.layers].flatten(0, 1)[:, None]
        assert self.refine is not None
        return self.refine(frames, rgb.flatten(0, -4), seen).float().unflatten(0, (len(x_0), -1)).flatten(1, 2)

    def views(self, frames: int, rows: int, columns: int, device: torch.device) -> Views:
        """View order and rotary tables for a patch grid; the tables are kept."""
        half = torch.is_autocast_enabled(device.type)
        dtype = torch.get_autocast_dtype(device.type) if half else torch.float32
        # Tables made in inference mode cannot be used by a later training step.
        key = (frames, rows, columns, device, dtype, torch.is_inference_mode_enabled())
        if key not in self._tables:
            if len(self._tables) > 16:
                self._tables.clear()
            grid = grid_positions(rows, columns, device)
            steps = torch.arange(frames, device=device)
            positions = {
                "layer": grid,
                "global": grid.repeat(self.config.layers, 1),
                "time": torch.stack([steps, torch.zeros_like(steps)], dim=-1),
            }
            base, head_dim = self.config.rope_base, self.config.head_dim
            self._tables[key] = {name: rotary_table(where, head_dim, base, dtype) for name, where in positions.items()}
        return Views(frames, self.config.layers, self._tables[key])

    def trainable_parameters(self) -> list[nn.Parameter]:
        """What an optimiser may change."""
        return [p for p in self.parameters() if p.requires_grad]


def forward_fill(
    x_0: Float[Tensor, "b v h w 3"], real: Bool[Tensor, "b v h w"], layers: int
) -> Float[Tensor, "b v h w 3"]:
    """Every layer where it has a surface, and the layer before it elsewhere (Eq. 2); layer 0 is always there."""
    filled = list(x_0.unbind(1))
    for view in range(len(filled)):
        if view % layers:
            filled[view] = torch.where(real[:, view, ..., None], filled[view], filled[view - 1])
    return torch.stack(filled, dim=1)
