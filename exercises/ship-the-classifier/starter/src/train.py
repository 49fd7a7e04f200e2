"""Train the sentiment classifier on data/reviews.csv and write models/sentiment.joblib.

Run it from anywhere: python src/train.py
"""

from __future__ import annotations

import csv
from pathlib import Path

import joblib
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline

PROJECT = Path(__file__).resolve().parent.parent
DATA = PROJECT / "data" / "reviews.csv"
MODEL = PROJECT / "models" / "sentiment.joblib"


def read_reviews(path: Path) -> tuple[list[str], list[str]]:
    """Texts and labels of a CSV file with the columns label and text."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [row["text"] for row in rows], [row["label"] for row in rows]


def make_model() -> Pipeline:
    """Words, weighted by how rare they are, into a logistic regression.

    The vectoriser and the classifier are saved as one object, so that serving prepares a text exactly
    as training did.
    """
    return make_pipeline(
        TfidfVectorizer(),
        LogisticRegression(C=10.0, max_iter=1000, random_state=0),
    )


def main() -> None:
    """Train, say how good the model is, write it."""
    texts, labels = read_reviews(DATA)
    scores = cross_val_score(make_model(), texts, labels, cv=5)
    model = make_model().fit(texts, labels)
    MODEL.parent.mkdir(exist_ok=True)
    joblib.dump(model, MODEL, compress=3)
    print(f"{len(texts)} reviews, accuracy {scores.mean():.2f} (5-fold), model written to {MODEL}")


if __name__ == "__main__":
    main()
