#!/usr/bin/env bash
# Install what tests need beside Python: a browser for the viewer, a cluster of one machine.
# Needs root on Debian; tests that miss a program say so and skip.
set -euo pipefail
command -v chromium sbatch munged >/dev/null && exit
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends chromium slurm-wlm munge >/dev/null
