#!/usr/bin/env bash
# Stands for a deployment: only says which account and region it would go to.
set -euo pipefail

arn=$(aws sts get-caller-identity --query Arn --output text)
echo "deploying to $AWS_REGION as $arn"
