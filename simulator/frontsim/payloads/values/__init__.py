"""Values that everything else is built from: draws, amounts, moments, texts, check digits."""
