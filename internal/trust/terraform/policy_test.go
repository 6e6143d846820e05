package terraform

import (
	"encoding/json"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/org/aws-oidc-action/internal/trust/document"
)

// evaluatorOf returns an evaluator of a module in memory, with its root.
func evaluatorOf(t *testing.T, o document.Options, files map[string]string) (*evaluator, frame) {
	t.Helper()
	fsys := fstest.MapFS{}
	for name, content := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(content)}
	}
	e := newEvaluator(t.Context(), fsys, o)
	if err := e.start(".", func(document.Role, error) bool { return true }); err != nil {
		t.Fatal(err)
	}
	if problems := e.root.problems; len(problems) > 0 {
		t.Fatal(problems)
	}
	return e, frame{instance: e.root}
}

// evaluate returns what an expression yields in a module in memory.
func evaluate(t *testing.T, o document.Options, source, expression string) *value {
	t.Helper()
	e, f := evaluatorOf(t, o, map[string]string{"main.tf": source})
	x, err := parseExpression([]byte(expression), "expression", start)
	if err != nil {
		t.Fatal(err)
	}
	v := e.eval(f, x)
	if e.Err() != nil {
		t.Fatal(e.Err())
	}
	return v
}

// The examples are those of the data source's documentation, with its results.
func TestPolicyDocumentExamples(t *testing.T) {
	for _, tt := range []struct{ name, source, want string }{
		{
			"variables of IAM", `
data "aws_iam_policy_document" "this" {
  statement {
    sid     = "1"
    actions = ["s3:ListAllMyBuckets", "s3:GetBucketLocation"]
    resources = ["arn:aws:s3:::*"]
  }
  statement {
    actions   = ["s3:ListBucket"]
    resources = ["arn:aws:s3:::bucket"]
    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = ["", "home/", "home/&{aws:username}/"]
    }
  }
}`,
			`{"Version": "2012-10-17", "Statement": [
			{"Sid": "1", "Effect": "Allow", "Action": ["s3:GetBucketLocation", "s3:ListAllMyBuckets"], "Resource": "arn:aws:s3:::*"},
			{"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::bucket", "Condition": {"StringLike": {"s3:prefix": ["", "home/", "home/${aws:username}/"]}}}]}`,
		},
		{
			"multiple condition keys", `
data "aws_iam_policy_document" "this" {
  statement {
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = ["*"]
    condition {
      test     = "ForAnyValue:StringEquals"
      variable = "kms:EncryptionContext:service"
      values   = ["pi"]
    }
    condition {
      test     = "ForAnyValue:StringEquals"
      variable = "kms:EncryptionContext:aws:pi:service"
      values   = ["rds"]
    }
  }
}`,
			`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["kms:Decrypt", "kms:GenerateDataKey"], "Resource": "*",
			"Condition": {"ForAnyValue:StringEquals": {"kms:EncryptionContext:service": "pi", "kms:EncryptionContext:aws:pi:service": "rds"}}}]}`,
		},
		{
			"multiple principals", `
data "aws_iam_policy_document" "this" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["firehose.amazonaws.com"]
    }
    principals {
      type        = "AWS"
      identifiers = ["arn:aws:iam::111111111111:role/a"]
    }
    principals {
      type        = "AWS"
      identifiers = ["arn:aws:iam::111111111111:role/b"]
    }
  }
}`,
			`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
			"Principal": {"Service": "firehose.amazonaws.com", "AWS": ["arn:aws:iam::111111111111:role/a", "arn:aws:iam::111111111111:role/b"]}}]}`,
		},
		{
			"everyone, and every account", `
data "aws_iam_policy_document" "this" {
  version = "2008-10-17"
  statement {
    effect      = "Deny"
    not_actions = ["sts:AssumeRole"]
    principals {
      type        = "*"
      identifiers = ["*"]
    }
  }
  statement {
    actions = ["sts:AssumeRole"]
    not_principals {
      type        = "AWS"
      identifiers = ["*"]
    }
  }
}`,
			`{"Version": "2008-10-17", "Statement": [{"Effect": "Deny", "NotAction": "sts:AssumeRole", "Principal": "*"},
			{"Effect": "Allow", "Action": "sts:AssumeRole", "NotPrincipal": {"AWS": "*"}}]}`,
		},
		{
			"source document", `
data "aws_iam_policy_document" "source" {
  statement {
    actions   = ["ec2:*"]
    resources = ["*"]
  }
  statement {
    sid       = "SidToOverride"
    actions   = ["s3:*"]
    resources = ["*"]
  }
}
data "aws_iam_policy_document" "this" {
  source_policy_documents = [data.aws_iam_policy_document.source.json]
  statement {
    sid       = "SidToOverride"
    actions   = ["s3:*"]
    resources = ["arn:aws:s3:::somebucket", "arn:aws:s3:::somebucket/*"]
  }
}`,
			`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ec2:*", "Resource": "*"},
			{"Sid": "SidToOverride", "Effect": "Allow", "Action": "s3:*", "Resource": ["arn:aws:s3:::somebucket", "arn:aws:s3:::somebucket/*"]}]}`,
		},
		{
			"override document", `
data "aws_iam_policy_document" "override" {
  statement {
    sid       = "SidToOverride"
    actions   = ["s3:*"]
    resources = ["*"]
  }
}
data "aws_iam_policy_document" "this" {
  override_policy_documents = [data.aws_iam_policy_document.override.json]
  statement {
    actions   = ["ec2:*"]
    resources = ["*"]
  }
  statement {
    sid       = "SidToOverride"
    actions   = ["s3:*"]
    resources = ["arn:aws:s3:::somebucket"]
  }
}`,
			`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ec2:*", "Resource": "*"},
			{"Sid": "SidToOverride", "Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}`,
		},
		{
			"both source and override documents", `
data "aws_iam_policy_document" "source" {
  statement {
    sid       = "OverridePlaceholder"
    actions   = ["ec2:DescribeAccountAttributes"]
    resources = ["*"]
  }
}
data "aws_iam_policy_document" "override" {
  statement {
    sid       = "OverridePlaceholder"
    actions   = ["s3:GetObject"]
    resources = ["*"]
  }
}
data "aws_iam_policy_document" "this" {
  source_policy_documents   = [data.aws_iam_policy_document.source.json]
  override_policy_documents = [data.aws_iam_policy_document.override.json]
}`,
			`{"Version": "2012-10-17", "Statement": [{"Sid": "OverridePlaceholder", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}`,
		},
		{
			"merging override documents", `
data "aws_iam_policy_document" "one" {
  statement {
    sid       = "OverridePlaceHolderOne"
    actions   = ["s3:*"]
    resources = ["*"]
  }
}
data "aws_iam_policy_document" "two" {
  statement {
    actions   = ["ec2:*"]
    resources = ["*"]
  }
  statement {
    sid       = "OverridePlaceHolderTwo"
    actions   = ["iam:*"]
    resources = ["*"]
  }
}
data "aws_iam_policy_document" "three" {
  statement {
    sid       = "OverridePlaceHolderOne"
    effect    = "Deny"
    actions   = ["logs:*"]
    resources = ["*"]
  }
}
data "aws_iam_policy_document" "this" {
  override_policy_documents = [
    data.aws_iam_policy_document.one.json,
    data.aws_iam_policy_document.two.json,
    data.aws_iam_policy_document.three.json
  ]
  statement {
    sid       = "OverridePlaceHolderTwo"
    effect    = "Deny"
    actions   = ["*"]
    resources = ["*"]
  }
}`,
			`{"Version": "2012-10-17", "Statement": [{"Sid": "OverridePlaceHolderTwo", "Effect": "Allow", "Action": "iam:*", "Resource": "*"},
			{"Sid": "OverridePlaceHolderOne", "Effect": "Deny", "Action": "logs:*", "Resource": "*"}, {"Effect": "Allow", "Action": "ec2:*", "Resource": "*"}]}`,
		},
		{
			"documents that are text", `
data "aws_iam_policy_document" "this" {
  source_json = <<JSON
{"Statement": {"Sid": "A", "Effect": "Allow", "Action": "a:*", "Resource": "*"}}
JSON
  statement {
    sid       = "B"
    actions   = ["b:*"]
    resources = ["*"]
  }
  override_json = jsonencode({ Statement = [{ Sid = "B", Effect = "Deny", Action = "c:*", Resource = "*" }] })
}`,
			`{"Version": "2012-10-17", "Statement": [{"Sid": "A", "Effect": "Allow", "Action": "a:*", "Resource": "*"}, {"Sid": "B", "Effect": "Deny", "Action": "c:*", "Resource": "*"}]}`,
		},
		{
			"dynamic blocks", `
locals { repositories = { b = ["main"], a = ["dev", "main"] } }
data "aws_iam_policy_document" "this" {
  dynamic "statement" {
    for_each = local.repositories
    iterator = repository
    content {
      sid     = repository.key
      actions = ["sts:AssumeRoleWithWebIdentity"]
      dynamic "condition" {
        for_each = toset(repository.value)
        content {
          test     = "StringEquals"
          variable = "sub"
          values   = ["repo:acme/${repository.key}:ref:refs/heads/${condition.value}"]
        }
      }
    }
  }
}`,
			`{"Version": "2012-10-17", "Statement": [
			{"Sid": "a", "Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {"StringEquals": {"sub": ["repo:acme/a:ref:refs/heads/dev", "repo:acme/a:ref:refs/heads/main"]}}},
			{"Sid": "b", "Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {"StringEquals": {"sub": "repo:acme/b:ref:refs/heads/main"}}}]}`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v := evaluate(t, document.Options{}, tt.source, "data.aws_iam_policy_document.this.json")
			text, ok := v.known()
			if !ok {
				t.Fatalf("got %s", v.render())
			}
			if diff := cmp.Diff(normalized(t, tt.want), normalized(t, text)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// normalized returns a policy with each list of strings sorted, and one string
// as such a list.
func normalized(t *testing.T, policy string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(policy), &v); err != nil {
		t.Fatalf("%v in %s", err, policy)
	}
	return normalize(v)
}

func normalize(v any) any {
	switch v := v.(type) {
	case string:
		return []string{v}
	case map[string]any:
		for k := range v {
			v[k] = normalize(v[k])
		}
	case []any:
		var texts []string
		for i, item := range v {
			if text, ok := item.(string); ok {
				texts = append(texts, text)
			}
			v[i] = normalize(item)
		}
		if len(texts) == len(v) {
			slices.Sort(texts)
			return texts
		}
	}
	return v
}

// What a document does not say is unknown in it, and nothing else is.
func TestPolicyDocumentUnknown(t *testing.T) {
	for _, tt := range []struct{ name, source, want string }{
		{
			"source document", `
variable "policy" {}
data "aws_iam_policy_document" "this" {
  source_policy_documents = [var.policy]
  statement {
    sid     = "A"
    actions = ["a:*"]
  }
}`,
			`{"Version" = "2012-10-17", "Statement" = [source_policy_documents(var.policy), {"Sid" = "A", "Effect" = "Allow", "Action" = ["a:*"]}]}`,
		},
		{
			"override document", `
variable "policy" {}
data "aws_iam_policy_document" "this" {
  statement {
    sid     = "A"
    actions = ["a:*"]
  }
  statement {
    actions = ["b:*"]
  }
  override_policy_documents = [var.policy]
}`,
			`{"Version" = "2012-10-17", "Statement" = [override_policy_documents("A", var.policy), {"Effect" = "Allow", "Action" = ["b:*"]}, override_policy_documents(var.policy)]}`,
		},
		{
			"parts of texts", `
variable "repository" {}
data "aws_iam_policy_document" "this" {
  statement {
    condition {
      test     = "StringLike"
      variable = "sub"
      values   = ["repo:acme/${lower(var.repository)}:*"]
    }
  }
}`,
			`{"Version" = "2012-10-17", "Statement" = [{"Effect" = "Allow", "Condition" = {"StringLike" = {"sub" = ["repo:acme/${lower(var.repository)}:*"]}}}]}`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v := evaluate(t, document.Options{}, tt.source, "data.aws_iam_policy_document.this.json")
			if got := v.json.render(); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}
