# The image of the operator and of its actions. Every dependency in it is locked by hash.
FROM python:3.13-slim AS build
WORKDIR /source
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ONLY_BINARY=:all: FORESTALL_KERNELS=require
RUN apt-get update && apt-get install --yes --no-install-recommends gcc libc6-dev
# Without pip: what runs does not install.
RUN python -m venv --without-pip /opt/forestall
COPY requirements/run.txt requirements/build.txt requirements/
RUN pip --python /opt/forestall/bin/python install --no-compile --require-hashes -r requirements/run.txt
RUN pip install --require-hashes -r requirements/build.txt
COPY pyproject.toml setup.py README.md LICENSE ./
COPY operator operator
# The twin's kernels are compiled here; FORESTALL_KERNELS=require has the build fail where they cannot be.
RUN pip wheel --no-deps --no-build-isolation --wheel-dir wheels . \
    && pip --python /opt/forestall/bin/python install --no-compile --no-deps wheels/*.whl
# Compiled here, since the root file system is read-only where it runs; by content, since times differ in layers.
RUN /opt/forestall/bin/python -m compileall -q --invalidation-mode unchecked-hash /opt/forestall/lib

FROM python:3.13-slim
LABEL org.opencontainers.image.title="forestall" \
      org.opencontainers.image.description="Closed-loop remediation, proved on a digital twin" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /opt/forestall /opt/forestall
ENV PATH=/opt/forestall/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER 65532:65532
WORKDIR /tmp
EXPOSE 8080
CMD ["python", "-m", "forestall.runtime.main"]
