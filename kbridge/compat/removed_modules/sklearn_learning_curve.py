"""``sklearn.learning_curve`` as it was up to scikit-learn 0.19."""

from sklearn.model_selection import learning_curve, validation_curve

__all__ = ["learning_curve", "validation_curve"]
