# Snakemake and all that the jobs need; the workflow itself is mounted. README.md says how.
FROM python:3.12-slim
COPY requirements.txt /tmp/requirements.txt
# Without dependency resolution, as in the Makefile: the list is complete.
RUN pip install --no-cache-dir --no-deps --require-hashes -r /tmp/requirements.txt
# Caches of Snakemake, Keras and matplotlib, whoever runs it.
ENV HOME=/tmp
CMD ["snakemake", "--help"]
