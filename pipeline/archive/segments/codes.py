"""Vectors of a segment as 4-bit product-quantisation codes, scanned in registers.

Jégou et al., Product quantization for nearest neighbor search (2011); the scan is FAISS's fast-scan (André et al.,
Quicker ADC, 2019). One bit per dimension: 32 bytes for 256 of them.
"""

from typing import Any, Self

import faiss
import numpy as np
from numpy.typing import NDArray

from pipeline.archive.ranking import FloatArray, cosines

CodeArray = NDArray[np.uint8]
IntArray = NDArray[np.int64]

BLOCK = 32  # rows that fast-scan keeps together
TRAINED_ON = 32_768  # vectors: more changed recall by less than .001 on real crops
_BITS = 4


class Quantiser:
    """What turns vectors (n, dim) into codes (n, bytes) and scans them; safe to share between threads.

    Vectors are turned to their principal axes first, and the axes are dealt out so that every part of a code carries
    as much as any other (Ge et al., Optimized product quantization, 2013): measured on vectors like those of people,
    the best 50 of 200,000 are among the first 800 instead of the first 2,500.
    """

    def __init__(self, axes: FloatArray, centroids: FloatArray) -> None:
        """Take axes float32 (dim, dim), one a column, and centroids float32 (parts, 16, dim / parts)."""
        parts, _, size = centroids.shape
        self._pq: Any = faiss.ProductQuantizer(parts * size, parts, _BITS)
        faiss.copy_array_to_vector(np.ascontiguousarray(centroids, np.float32).ravel(), self._pq.centroids)
        self.axes = np.ascontiguousarray(axes, np.float32)
        self.dim = parts * size
        self.parts = parts

    @classmethod
    def trained(cls, vectors: FloatArray) -> Self:
        """Learn from float32 (n, dim), n >= 16."""
        dim = vectors.shape[1]
        size = next(s for s in (4, 2, 1) if dim % s == 0)
        strength, axes = np.linalg.eigh(vectors.T.astype(np.float64) @ vectors)
        axes = axes[:, _dealt(strength, dim // size)].astype(np.float32)
        pq: Any = faiss.ProductQuantizer(dim, dim // size, _BITS)
        pq.cp.min_points_per_centroid = 1
        pq.train(np.ascontiguousarray(vectors @ axes, np.float32))
        return cls(axes, faiss.vector_to_array(pq.centroids).reshape(dim // size, 1 << _BITS, size))

    @property
    def centroids(self) -> FloatArray:
        """Return float32 (parts, 16, dim / parts)."""
        flat: FloatArray = faiss.vector_to_array(self._pq.centroids)
        return flat.reshape(self.parts, 1 << _BITS, -1)

    def encode(self, vectors: FloatArray) -> CodeArray:
        """Return uint8 (n, bytes) for float32 (n, dim)."""
        codes: CodeArray = self._pq.compute_codes(np.ascontiguousarray(vectors @ self.axes, np.float32))
        return codes

    def decode(self, codes: CodeArray) -> FloatArray:
        """Return the float32 (n, dim) that codes stand for."""
        turned: FloatArray = self._pq.decode(np.ascontiguousarray(codes))
        return turned @ self.axes.T

    def scanner(self, codes: CodeArray) -> "Scanner":
        """Return what scans uint8 (n, bytes)."""
        plain: Any = faiss.IndexPQ(self.dim, self.parts, _BITS, faiss.METRIC_INNER_PRODUCT)
        plain.pq = self._pq
        plain.is_trained = True
        faiss.copy_array_to_vector(np.ascontiguousarray(codes).ravel(), plain.codes)
        plain.ntotal = len(codes)
        return Scanner(self.axes, faiss.IndexPQFastScan(plain, BLOCK))


class Scanner:
    """Approximate cosines of all rows, or of some blocks of rows, best first."""

    def __init__(self, axes: FloatArray, index: Any) -> None:  # noqa: ANN401 - FAISS's stubs do not know its Python face
        self._axes = np.ascontiguousarray(axes.T)
        self._index = index
        self._bytes = index.codes.size() // max(1, index.ntotal2 // BLOCK)
        self._blocks: CodeArray = (
            faiss.rev_swig_ptr(index.codes.get(), index.codes.size()).reshape(-1, self._bytes)
            if index.ntotal
            else np.empty((0, 1), np.uint8)
        )

    @property
    def bytes_held(self) -> int:
        """Memory of the codes."""
        return int(self._blocks.nbytes)

    def scan(self, vector: FloatArray, count: int) -> tuple[FloatArray, IntArray]:
        """Return approximate cosines float32 (k,) and rows int64 (k,), best first, of a float32 (dim,)."""
        return _searched(self._index, self._turned(vector), count)

    def scan_blocks(self, vector: FloatArray, count: int, blocks: IntArray) -> tuple[FloatArray, IntArray]:
        """The same among the rows of some blocks: FAISS's scan takes no filter, so their codes are copied together."""
        part: Any = faiss.IndexPQFastScan(self._index.d, self._index.M, _BITS, faiss.METRIC_INNER_PRODUCT, BLOCK)
        part.pq = self._index.pq
        part.is_trained = True
        size = len(blocks) * self._bytes
        part.codes.resize(size)
        target = faiss.rev_swig_ptr(part.codes.get(), size).reshape(-1, self._bytes)
        np.take(self._blocks, blocks, axis=0, out=target)
        rows = len(blocks) * BLOCK
        if len(blocks) and blocks[-1] == len(self._blocks) - 1:
            rows -= len(self._blocks) * BLOCK - self._index.ntotal  # the last block may be filled in part only
        part.ntotal, part.ntotal2 = rows, len(blocks) * BLOCK
        scores, places = _searched(part, self._turned(vector), count)
        return scores, blocks[places // BLOCK] * BLOCK + places % BLOCK

    def _turned(self, vector: FloatArray) -> FloatArray:
        return cosines(self._axes, vector)


def _searched(index: Any, vector: FloatArray, count: int) -> tuple[FloatArray, IntArray]:  # noqa: ANN401
    faiss.omp_set_num_threads(1)
    count = min(count, index.ntotal)
    if count <= 0:
        return np.empty(0, np.float32), np.empty(0, np.int64)
    scores, rows = index.search(vector[None], count)
    kept = rows[0] >= 0
    return scores[0][kept], rows[0][kept]


def _dealt(strength: NDArray[np.float64], parts: int) -> IntArray:
    """Return the order of axes in which consecutive groups have about the same product of strengths."""
    weight = np.log(np.maximum(strength, strength.max(initial=0.0) * 1e-9 + 1e-30))
    weight -= weight.min()
    held, members = np.zeros(parts), np.zeros(parts, np.int64)
    group = np.empty(len(weight), np.int64)
    for axis in np.argsort(-weight):
        chosen = int(np.argmin(np.where(members < len(weight) // parts, held, np.inf)))
        group[axis] = chosen
        held[chosen] += weight[axis]
        members[chosen] += 1
    return np.argsort(group, kind="stable").astype(np.int64)
