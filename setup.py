"""Compiles the kernels where Cython and a C compiler are at hand; without them they run as they are written.

FORESTALL_KERNELS=require makes a build fail that cannot compile them, as images should.
"""

import os
import pathlib

from setuptools import Extension, setup

try:
    from Cython.Build import cythonize
except ImportError:
    cythonize = None

KERNELS = pathlib.Path("operator/forestall/twin/kernels")
REQUIRED = os.environ.get("FORESTALL_KERNELS") == "require"
DIRECTIVES = {
    "annotation_typing": False,  # annotations are for people and mypy; the .pxd files hold the types
    "infer_types": True,
    "boundscheck": False,
    "wraparound": False,
    "initializedcheck": False,
    "cdivision": True,
    "language_level": 3,
}


def extensions() -> list[Extension]:
    """One extension for each kernel; none where Cython is missing and not required."""
    if cythonize is None:
        if REQUIRED:
            raise SystemExit("FORESTALL_KERNELS=require: Cython is missing")
        return []
    wanted = [
        Extension(
            f"forestall.twin.kernels.compiled.{types.stem}",
            [str(KERNELS / f"{types.stem}.py")],
            extra_compile_args=["-O3", "-g0", "-ffp-contract=off"],
            extra_link_args=["-s"],
        )
        for types in sorted((KERNELS / "compiled").glob("*.pxd"))
    ]
    found: list[Extension] = cythonize(
        wanted, force=True, include_path=["operator"], compiler_directives=DIRECTIVES, build_dir="build/kernels"
    )
    for extension in found:
        extension.optional = not REQUIRED  # cythonize forgets it if it is set before
    return found


setup(ext_modules=extensions())
