# frontsim serve on port 8400, as a user without rights, with its log in the volume /data.
#   docker build -t frontsim . && docker run -p 8400:8400 -e FRONTSIM_TOKEN=secret frontsim
# BASE pins the image behind it: --build-arg BASE=python@sha256:...
ARG BASE=python:3.12-slim
FROM ${BASE} AS build
WORKDIR /src
COPY . .
RUN pip wheel --no-cache-dir --wheel-dir /wheels --require-hashes --requirement requirements.lock
RUN pip wheel --no-cache-dir --wheel-dir /wheels --no-deps .

FROM ${BASE}
COPY --from=build /wheels /wheels
RUN pip install --no-cache-dir --no-index --find-links /wheels frontsim && rm -r /wheels
RUN useradd --create-home --uid 10001 frontsim && install -d -o frontsim /data
USER frontsim
ENV FRONTSIM_ASK_FOR_TOKEN=1
WORKDIR /home/frontsim
VOLUME /data
EXPOSE 8400
HEALTHCHECK --interval=10s --timeout=5s --start-period=5s CMD ["frontsim", "stats"]
ENTRYPOINT ["frontsim"]
CMD ["serve", "--host", "0.0.0.0", "--db", "/data/frontsim.db"]
