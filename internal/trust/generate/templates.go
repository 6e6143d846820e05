package generate

import "slices"

// The actions, resources and condition keys are those of the service
// authorization reference; CI compares them with it. The documentation that
// each template follows is named above it.
var templates = []template{
	// Amazon S3 user guide, "Required permissions for Amazon S3 API operations".
	{
		name: "s3-read", does: "downloads objects", what: "a bucket, with a path or without", syntax: "BUCKET[/PATH]",
		form: pattern(`^(?P<bucket>` + bucketName + `)(?:/(?P<path>` + objectPath + `?)/?)?$`), options: []option{kmsOption},
		rules: slices.Concat(listBucket, []rule{
			{sid: "ReadObjects", actions: []string{"s3:GetObject"}, resources: []reference{"arn:{partition}:s3:::{bucket}/*"}, without: "path"},
			{sid: "ReadObjects", actions: []string{"s3:GetObject"}, resources: []reference{"arn:{partition}:s3:::{bucket}/{path}/*"}, with: "path"},
			keyOf("s3", "kms:Decrypt"),
		}),
		lacks: []string{"older versions of objects", "tags and access control lists", "a bucket of another account, whose policy has to admit the role too"},
	},
	{
		name: "s3-deploy", does: "uploads and deletes objects, as aws s3 sync does", what: "a bucket, with a path or without", syntax: "BUCKET[/PATH]",
		form: pattern(`^(?P<bucket>` + bucketName + `)(?:/(?P<path>` + objectPath + `?)/?)?$`), options: []option{kmsOption},
		rules: slices.Concat(listBucket, []rule{
			{sid: "DeployObjects", actions: []string{"s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:PutObject"},
				resources: []reference{"arn:{partition}:s3:::{bucket}/*"}, without: "path"},
			{sid: "DeployObjects", actions: []string{"s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:PutObject"},
				resources: []reference{"arn:{partition}:s3:::{bucket}/{path}/*"}, with: "path"},
			keyOf("s3", "kms:Decrypt", "kms:GenerateDataKey"),
		}),
		lacks: []string{"older versions of objects", "tags and access control lists (--acl)", "a bucket of another account, whose policy has to admit the role too"},
	},
	// Amazon CloudFront developer guide, "Invalidate files".
	{
		name: "cloudfront-invalidate", does: "invalidates cached files and waits for it", what: "the id of a distribution", syntax: "DISTRIBUTION-ID",
		form: pattern(`^(?P<distribution>[A-Z0-9]{8,20})$`),
		rules: []rule{{sid: "Invalidate", actions: []string{"cloudfront:CreateInvalidation", "cloudfront:GetInvalidation"},
			resources: []reference{"arn:{partition}:cloudfront::{account}:distribution/{distribution}"}, tag: resourceTag, global: true}},
		lacks: []string{"a search for the distribution by its domain", "the upload of the files (s3-deploy)"},
	},
	// Amazon ECR user guide, "IAM permissions for pushing an image" and the managed policy AmazonEC2ContainerRegistryPullOnly.
	{
		name: "ecr-pull", does: "pulls images", what: "a repository of ECR", syntax: "REPOSITORY", form: pattern(`^(?P<repository>` + ecrRepository + `)$`),
		rules: []rule{ecrLogin,
			{sid: "PullImage", actions: []string{"ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"},
				resources: []reference{ecrRepositoryARN}, tag: resourceTag}},
		lacks: []string{"ECR Public", "images that a pull through cache rule has not imported yet", "lists of images and results of scans"},
	},
	{
		name: "ecr-push", does: "pushes images", what: "a repository of ECR", syntax: "REPOSITORY", form: pattern(`^(?P<repository>` + ecrRepository + `)$`),
		rules: []rule{ecrLogin,
			{sid: "PushImage", actions: []string{"ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:CompleteLayerUpload",
				"ecr:InitiateLayerUpload", "ecr:PutImage", "ecr:UploadLayerPart"}, resources: []reference{ecrRepositoryARN}, tag: resourceTag}},
		lacks: []string{"layers as a cache for builds (add ecr-pull)", "the creation of the repository", "ECR Public"},
	},
	// AWS Lambda developer guide, "Identity-based IAM policies for Lambda" and "Create a Lambda function using a container image".
	{
		name: "lambda-deploy", does: "updates code and configuration of a function, publishes versions and moves aliases", what: "a function", syntax: "FUNCTION",
		form: pattern(`^(?P<function>[A-Za-z0-9_-]{1,64})$`),
		options: []option{
			{name: "bucket", value: "BUCKET", what: "the bucket that the code is taken from", form: pattern(`^` + bucketName + `$`)},
			{name: "repository", value: "REPOSITORY", what: "the repository of ECR that the image is taken from", form: pattern(`^` + ecrRepository + `$`)},
			bucketKey,
		},
		rules: []rule{
			{sid: "DeployFunction", actions: []string{"lambda:GetAlias", "lambda:GetFunction", "lambda:GetFunctionConfiguration", "lambda:PublishVersion",
				"lambda:UpdateAlias", "lambda:UpdateFunctionCode", "lambda:UpdateFunctionConfiguration"},
				resources: []reference{"arn:{partition}:lambda:{region}:{account}:function:{function}", "arn:{partition}:lambda:{region}:{account}:function:{function}:*"},
				tag:       resourceTag},
			{sid: "ReadCode", actions: []string{"s3:GetObject", "s3:GetObjectVersion"}, resources: []reference{"arn:{partition}:s3:::{bucket}/*"}, with: "bucket"},
			{sid: "ReadImage", actions: []string{"ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:GetRepositoryPolicy"},
				resources: []reference{ecrRepositoryARN}, with: "repository"},
			keyOf("s3", "kms:Decrypt"),
		},
		lacks: []string{"the creation of the function or of an alias", "another execution role (iam:PassRole)", "layers (lambda:GetLayerVersion)", "event sources and permissions of the function",
			"the upload of the code (s3-deploy, ecr-push)", "ecr:SetRepositoryPolicy: the repository's policy has to admit lambda.amazonaws.com already"},
	},
	// Amazon ECS developer guide, "Amazon ECS identity-based policy examples" and "Grant a user permissions to pass a role".
	{
		name: "ecs-deploy", does: "registers a task definition and updates a service", what: "a cluster and a service", syntax: "CLUSTER/SERVICE",
		form: pattern(`^(?P<cluster>` + resourceID + `)/(?P<service>` + resourceID + `)$`),
		options: []option{
			{name: "family", value: "FAMILY", what: "the family of the task definition", form: pattern(`^` + resourceID + `$`), required: true},
			{name: "pass-role", value: "ROLE", what: "the name of the task role or the task execution role", form: pattern(`^[A-Za-z0-9_+.@-]{1,64}$`), required: true, many: true},
		},
		rules: []rule{
			{sid: "RegisterTask", actions: []string{"ecs:RegisterTaskDefinition"}, resources: []reference{"arn:{partition}:ecs:{region}:{account}:task-definition/{family}:*"}},
			{sid: "ReadTask", actions: []string{"ecs:DescribeTaskDefinition"}, resources: []reference{"*"}},
			{sid: "UpdateService", actions: []string{"ecs:DescribeServices", "ecs:UpdateService"},
				resources: []reference{"arn:{partition}:ecs:{region}:{account}:service/{cluster}/{service}"}, tag: resourceTag},
			passRole("ecs-tasks.amazonaws.com", "pass-role"),
		},
		lacks: []string{"blue/green deployments by CodeDeploy", "tags of task definitions (ecs:TagResource)", "tasks of their own (ecs:RunTask)", "the push of the image (ecr-push)"},
	},
	// Amazon EKS user guide, "Connect kubectl to an EKS cluster".
	{
		name: "eks-describe", does: "writes a kubeconfig (aws eks update-kubeconfig)", what: "a cluster", syntax: "CLUSTER",
		form: pattern(`^(?P<cluster>[A-Za-z0-9][A-Za-z0-9_-]{0,99})$`),
		rules: []rule{{sid: "DescribeCluster", actions: []string{"eks:DescribeCluster"},
			resources: []reference{"arn:{partition}:eks:{region}:{account}:cluster/{cluster}"}, tag: resourceTag}},
		lacks: []string{"anything inside the cluster: give the role an access entry with the Kubernetes permissions that it needs", "a list of clusters"},
	},
	// AWS CDK developer guide, "AWS CDK bootstrapping" and "Customize permissions".
	{
		name: "cdk-deploy", does: "deploys with the AWS CDK, by the roles that cdk bootstrap made", what: "the qualifier of the bootstrap stack", syntax: "QUALIFIER",
		form: pattern(`^(?P<qualifier>[A-Za-z0-9_-]{1,10})$`), fallback: "hnb659fds",
		rules: []rule{{sid: "AssumeBootstrapRoles", actions: []string{"sts:AssumeRole"}, global: true, resources: []reference{
			"arn:{partition}:iam::{account}:role/cdk-{qualifier}-deploy-role-{account}-{region}",
			"arn:{partition}:iam::{account}:role/cdk-{qualifier}-file-publishing-role-{account}-{region}",
			"arn:{partition}:iam::{account}:role/cdk-{qualifier}-image-publishing-role-{account}-{region}",
			"arn:{partition}:iam::{account}:role/cdk-{qualifier}-lookup-role-{account}-{region}"}}},
		lacks: []string{"cdk bootstrap", "other accounts and regions", "the legacy synthesizer, which uses the role's own permissions", "session tags (sts:TagSession)"},
		caution: func(Permission) string {
			return "the CDK's deploy role can do what CloudFormation's execution role can, which is everything unless cdk bootstrap was given --cloudformation-execution-policies"
		},
	},
	// AWS CloudFormation user guide, "Control CloudFormation access with AWS Identity and Access Management".
	{
		name: "cloudformation-stack", does: "creates and updates a stack by change sets (aws cloudformation deploy)", what: "a stack", syntax: "STACK",
		form: pattern(`^(?P<stack>` + stackName + `)$`), options: []option{serviceRole, artifactBucket, transformOption, bucketKey},
		rules: slices.Concat(stackRules, []rule{
			{sid: "UseTransform", actions: []string{"cloudformation:CreateChangeSet"},
				resources: []reference{"arn:{partition}:cloudformation:{region}:aws:transform/{transform}"}, with: "transform"},
		}, artifactRules),
		lacks: []string{"the deletion of the stack, also of one whose creation failed", "nested stacks, stack sets and imports of resources", "transforms without transform=NAME",
			"templates of more than 51,200 bytes without bucket=BUCKET", withoutTags, withoutRole},
		caution: withoutServiceRole,
	},
	// AWS SAM developer guide, "Managing resource access and permissions", and the pipeline role of sam pipeline bootstrap.
	{
		name: "sam-deploy", does: "deploys a stack with sam deploy", what: "a stack", syntax: "STACK",
		form: pattern(`^(?P<stack>` + stackName + `)$`), options: []option{requiredOption(artifactBucket), serviceRole, bucketKey},
		rules: slices.Concat(stackRules, []rule{
			{sid: "ReadStack", actions: []string{"cloudformation:DescribeStackResource", "cloudformation:GetTemplate"}, resources: []reference{stackARN}},
			{sid: "ReadTemplate", actions: []string{"cloudformation:GetTemplateSummary"}, resources: []reference{"*"}},
			{sid: "UseTransform", actions: []string{"cloudformation:CreateChangeSet"},
				resources: []reference{"arn:{partition}:cloudformation:{region}:aws:transform/Serverless-2016-10-31"}},
		}, artifactRules),
		lacks: []string{"the bucket that sam deploy --resolve-s3 creates: name one with --s3-bucket", "images (add ecr-push)", "the deletion of the stack, also of one whose creation failed",
			"nested applications", "sam sync", withoutTags, withoutRole},
		caution: withoutServiceRole,
	},
	// Terraform language documentation, "Backend Type: s3", with use_lockfile.
	{
		name: "terraform-state", does: "reads and writes a state in S3, with a lock file beside it (use_lockfile)", what: "a bucket and the key of the state", syntax: "BUCKET/KEY",
		form: pattern(`^(?P<bucket>` + bucketName + `)/(?P<key>` + objectPath + `)$`), options: []option{kmsOption},
		rules: []rule{
			{sid: "ListBucket", actions: []string{"s3:ListBucket"}, resources: []reference{"arn:{partition}:s3:::{bucket}"}},
			{sid: "State", actions: []string{"s3:GetObject", "s3:PutObject"}, resources: []reference{"arn:{partition}:s3:::{bucket}/{key}"}},
			{sid: "Lock", actions: []string{"s3:DeleteObject", "s3:GetObject", "s3:PutObject"}, resources: []reference{"arn:{partition}:s3:::{bucket}/{key}.tflock"}},
			keyOf("s3", "kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"),
		},
		lacks: []string{"the resources that Terraform manages", "workspaces other than the default one", "locks in DynamoDB", "the deletion of the state"},
	},
	// AWS Systems Manager user guide, "Restricting access to Parameter Store parameters using IAM policies".
	{
		name: "ssm-read", does: "reads parameters of the Parameter Store", what: "a parameter or the path above some", syntax: "PATH",
		form: pattern(`^/?(?P<path>[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)*)$`), options: []option{kmsOption},
		rules: []rule{
			{sid: "ReadParameters", actions: []string{"ssm:GetParameter", "ssm:GetParameters"}, tag: resourceTag,
				resources: []reference{"arn:{partition}:ssm:{region}:{account}:parameter/{path}", "arn:{partition}:ssm:{region}:{account}:parameter/{path}/*"}},
			{sid: "ReadPath", actions: []string{"ssm:GetParametersByPath"},
				resources: []reference{"arn:{partition}:ssm:{region}:{account}:parameter/{path}", "arn:{partition}:ssm:{region}:{account}:parameter/{path}/*"}},
			keyOf("ssm", "kms:Decrypt"),
		},
		lacks: []string{"a SecureString under a customer managed key without kms=KEY-ID", "a list of all parameters", "former values", "parameters that another account shares"},
	},
	// AWS Secrets Manager user guide, "Identity-based policies".
	{
		name: "secrets-read", does: "reads a secret of Secrets Manager", what: "a secret", syntax: "NAME",
		form: pattern(`^(?P<secret>[A-Za-z0-9/_+=.@-]{1,512})$`), options: []option{kmsOption},
		rules: []rule{
			// AWS adds a hyphen and six characters to the name (matched by "??????").
			{sid: "ReadSecret", actions: []string{"secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"}, tag: resourceTag,
				resources: []reference{"arn:{partition}:secretsmanager:{region}:{account}:secret:{secret}-??????"}},
			keyOf("secretsmanager", "kms:Decrypt"),
		},
		lacks: []string{"a secret under a customer managed key without kms=KEY-ID", "a list of secrets", "several secrets in one call", "a secret of another account"},
	},
}

var listBucket = []rule{
	{sid: "ListBucket", actions: []string{"s3:ListBucket"}, resources: []reference{"arn:{partition}:s3:::{bucket}"}, without: "path"},
	{sid: "ListBucket", actions: []string{"s3:ListBucket"}, resources: []reference{"arn:{partition}:s3:::{bucket}"}, with: "path",
		conditions: []condition{{key: "s3:prefix", values: []reference{"{path}", "{path}/*"}, like: true}}},
}

const (
	ecrRepository    = `[a-z0-9]+(?:[._/-][a-z0-9]+)*`
	ecrRepositoryARN = reference("arn:{partition}:ecr:{region}:{account}:repository/{repository}")
	stackARN         = reference("arn:{partition}:cloudformation:{region}:{account}:stack/{stack}/*")
)

// What stack deployments must not leave out, as CreateChangeSet is only allowed
// with it.
const (
	withoutTags = "with --resource-tag, deployments that do not pass the tag (--tags)"
	withoutRole = "with service-role=ROLE, deployments that do not pass the role (--role-arn)"
)

var ecrLogin = rule{sid: "Login", actions: []string{"ecr:GetAuthorizationToken"}, resources: []reference{"*"}}

// stackRules are those of every deployment of a stack. Whether it exists is
// asked before it has tags, so that only its creation can demand them.
var stackRules = []rule{
	{sid: "CreateChangeSet", actions: []string{"cloudformation:CreateChangeSet"}, resources: []reference{stackARN}, tag: requestTag, without: "service-role"},
	{sid: "CreateChangeSet", actions: []string{"cloudformation:CreateChangeSet"}, resources: []reference{stackARN}, tag: requestTag, with: "service-role",
		conditions: []condition{{key: "cloudformation:RoleArn", values: []reference{"arn:{partition}:iam::{account}:role/{service-role}"}}}},
	{sid: "TagStack", actions: []string{"cloudformation:TagResource"}, resources: []reference{stackARN}, tag: requestTag, ifTagged: true},
	{sid: "DeployStack", actions: []string{"cloudformation:DeleteChangeSet", "cloudformation:DescribeChangeSet",
		"cloudformation:DescribeStackEvents", "cloudformation:DescribeStacks", "cloudformation:ExecuteChangeSet"}, resources: []reference{stackARN}},
	passRole("cloudformation.amazonaws.com", "service-role"),
}

// artifactRules are for the bucket that templates and code are uploaded to. An
// object that is not there is only reported as such to those who may list.
var artifactRules = []rule{
	{sid: "ListArtifacts", actions: []string{"s3:ListBucket"}, resources: []reference{"arn:{partition}:s3:::{bucket}"}, with: "bucket"},
	{sid: "UploadArtifacts", actions: []string{"s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"}, resources: []reference{"arn:{partition}:s3:::{bucket}/*"}, with: "bucket"},
	keyOf("s3", "kms:Decrypt", "kms:GenerateDataKey"),
}

func withoutServiceRole(p Permission) string {
	if p.values["service-role"] != nil {
		return ""
	}
	return "CloudFormation creates the resources of the stack with the permissions of this role, which has none for them; add service-role=ROLE, a role that trusts cloudformation.amazonaws.com, and pass its ARN (--role-arn) in the deployment"
}

func requiredOption(o option) option {
	o.required = true
	return o
}
