"""Whether larger values of what is logged under a name are better."""

from __future__ import annotations

import re

#: the metrics and losses of kbridge, by the names under which they are logged
LARGER = frozenset(
    "acc accuracy binary_accuracy categorical_accuracy sparse_categorical_accuracy top_k_categorical_accuracy "
    "precision recall fbeta_score fmeasure fscore f1score matthews_correlation".split()
)
SMALLER = frozenset(
    "loss mean_squared_error mean_absolute_error mean_absolute_percentage_error mean_squared_logarithmic_error hinge "
    "squared_hinge categorical_crossentropy sparse_categorical_crossentropy binary_crossentropy "
    "kullback_leibler_divergence poisson cosine_proximity mse mae mape msle kld cosine lr".split()
)

# words in the names of metrics that kbridge doesn't have
_LARGER_WORDS = frozenset(
    "acc accuracy accuracies auc auroc auprc roc ap map precision recall sensitivity specificity tpr tnr ppv npv score scores f f1 f2 fbeta "
    "fmeasure fscore iou miou jaccard dice kappa mcc matthews correlation corr pearson spearman r2 coef coefficient psnr ssim "
    "similarity ndcg mrr bleu rouge gain hit hits top likelihood reward return lift gini purity".split()
)
_SMALLER_WORDS = frozenset(
    "loss losses error errors err mse mae mape msle rmse rmsle nll distance dist divergence entropy crossentropy kl kld perplexity ppl "
    "deviance fpr fnr eer wer cer hinge cost costs regret penalty risk bce cce mistakes missing residual residuals difference diff brier "
    "hamming miss rank".split()
)
_TURNED_WORDS = frozenset("neg negative minus inverse".split())


def larger_is_better(name: str) -> tuple[bool, bool]:
    """(whether larger is better, whether that is sure) for a value logged as ``name``.

    'val_', the name of an output before the metric's and a number behind it play no part.
    """
    bare = re.sub(r"_\d+$", "", name[4:] if name.startswith("val_") else name)
    known = [m for m in LARGER | SMALLER if bare == m or bare.endswith(f"_{m}")]
    if known:
        # the longest: 'categorical_accuracy' rather than 'accuracy'
        best = max(known, key=len)
        # with more before it the name may be of another metric: 'neg_loss', 'one_minus_acc'
        turned = bare != best and _TURNED_WORDS & set(bare[: -len(best)].lower().split("_"))
        return (best in LARGER) != bool(turned), not turned
    words = set(re.split(r"[^a-z0-9]+", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", bare).lower()))
    if words & _SMALLER_WORDS:
        larger = False
    else:
        # 'acc' anywhere was Keras 1's rule
        larger = bool(words & _LARGER_WORDS) or "acc" in bare or "auc" in bare.lower() or bare.startswith("fmeasure")
    return larger != bool(words & _TURNED_WORDS), False
