"""Muon against the singular value decomposition and against PyTorch's own."""

import pytest
import torch

from wt.training.muon import Muon, orthogonalised


@pytest.mark.parametrize("shape", [(24, 64), (64, 24), (32, 32)])
def test_the_update_keeps_the_singular_vectors_and_evens_out_the_values(shape):
    torch.manual_seed(0)
    matrix = torch.randn(shape)
    u, _, vh = torch.linalg.svd(matrix.double(), full_matrices=False)
    rotated = u.T @ orthogonalised(matrix).double() @ vh.T
    values = rotated.diagonal()
    assert values.min() > 0.3
    assert values.max() < 1.3
    torch.testing.assert_close(rotated, torch.diag(values), atol=1e-4, rtol=0)


@pytest.mark.skipif(not hasattr(torch.optim, "Muon"), reason="this PyTorch has no Muon")
def test_it_moves_as_pytorchs_does_up_to_bfloat16():
    torch.manual_seed(0)
    ours, theirs = (torch.nn.Parameter(torch.ones(16, 48)) for _ in range(2))
    mine = Muon([ours], lr=0.01, momentum=0.9, weight_decay=0.1)
    reference = torch.optim.Muon([theirs], lr=0.01, momentum=0.9, weight_decay=0.1, adjust_lr_fn="match_rms_adamw")
    for _ in range(5):
        gradient = torch.randn(16, 48)
        ours.grad, theirs.grad = gradient.clone(), gradient.clone()
        mine.step()
        reference.step()
    moved = (theirs - 1).norm()
    assert (ours - theirs).norm() < 0.03 * moved


def test_parameters_without_a_gradient_stay():
    p = torch.nn.Parameter(torch.randn(4, 4))
    before = p.detach().clone()
    Muon([p]).step()
    assert torch.equal(p.detach(), before)
