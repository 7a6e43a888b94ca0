# syntax=docker/dockerfile:1
# A worker for NVIDIA GPUs. onnxruntime-node brings no CUDA libraries; its install script fetches those of its own
# version (CUDA 12 with cuDNN 9), so this build needs the way to NuGet. Build from the repository's root:
#   docker build -f infra/Dockerfile -t tuhai . && docker build -f infra/worker-cuda.Dockerfile -t tuhai-cuda .
#   docker run --gpus all --init -e DATABASE_URL -e REDIS_URL -e EXECUTION_PROVIDERS=cuda tuhai-cuda
ARG TUHAI=tuhai
ARG CUDA=12.9.1-cudnn-runtime-ubuntu24.04

FROM ${TUHAI} AS tuhai

FROM tuhai AS providers
# hadolint ignore=DL3002
USER root
# The flag of .npmrc, which keeps CUDA out elsewhere, is npm's and does not reach a script that is called directly.
RUN ONNXRUNTIME_NODE_INSTALL=cuda12 node node_modules/onnxruntime-node/script/install.js \
  && test -f "$(find node_modules/onnxruntime-node/bin -name libonnxruntime_providers_cuda.so)" \
  && find node_modules/onnxruntime-node/bin -name libonnxruntime_providers_tensorrt.so -delete

FROM nvidia/cuda:${CUDA}
COPY --from=tuhai /usr/local/bin/node /usr/local/bin/node
RUN groupadd --gid 10001 tuhai && useradd --uid 10001 --gid tuhai --create-home tuhai
WORKDIR /tuhai
COPY --from=providers /tuhai ./
ENV NODE_ENV=production \
    TUHAI_HOME=/home/tuhai/.tuhai \
    EXECUTION_PROVIDERS=cuda
USER 10001
ENTRYPOINT ["node", "/tuhai/packages/cli/bin/tuhai.js"]
CMD ["worker"]
