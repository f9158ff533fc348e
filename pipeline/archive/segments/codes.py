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
        self._columns = np.ascontiguousarray(self.axes.T)
        self.dim = parts * size
        self.parts = int(parts)

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

    @property
    def code_bytes(self) -> int:
        """Return the bytes of one code."""
        return (self.parts * _BITS + 7) // 8

    def turned(self, vectors: FloatArray) -> FloatArray:
        """Return float32 (n, dim) as seen along the axes of the codes; cosines stay."""
        return np.ascontiguousarray(vectors @ self.axes, np.float32)

    def turned_one(self, vector: FloatArray) -> FloatArray:
        """The same of one float32 (dim,), on the calling thread."""
        return cosines(self._columns, vector)

    def encode(self, turned: FloatArray) -> CodeArray:
        """Return uint8 (n, bytes) for turned float32 (n, dim)."""
        codes: CodeArray = self._pq.compute_codes(turned)
        return codes

    def decode(self, codes: CodeArray) -> FloatArray:
        """Return the turned float32 (n, dim) that codes stand for."""
        found: FloatArray = self._pq.decode(np.ascontiguousarray(codes))
        return found

    def index(self, codes: CodeArray) -> Any:  # noqa: ANN401 - FAISS's stubs do not know its Python face
        """Return FAISS's fast-scan index of uint8 (n, bytes)."""
        plain: Any = faiss.IndexPQ(self.dim, self.parts, _BITS, faiss.METRIC_INNER_PRODUCT)
        plain.pq = self._pq
        plain.is_trained = True
        faiss.copy_array_to_vector(np.ascontiguousarray(codes).ravel(), plain.codes)
        plain.ntotal = len(codes)
        return faiss.IndexPQFastScan(plain, BLOCK)

    def empty_index(self) -> Any:  # noqa: ANN401
        """Return one without rows."""
        made: Any = faiss.IndexPQFastScan(self.dim, self.parts, _BITS, faiss.METRIC_INNER_PRODUCT, BLOCK)
        made.pq = self._pq
        made.is_trained = True
        return made


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
