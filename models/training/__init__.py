"""How the bundled person embedder is made: a large network taught into a small one (needs the extra `train`)."""
