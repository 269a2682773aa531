// swift-format-ignore-file
// Made by scripts/schema.

extension SchemaText {
  /// The built-in kinds.
  static let builtIn = #"""
@admission/v1
=AdmissionRequest
dryRun b 11 *
kind {meta/v1.GroupVersionKind} 2 !
name s 5
namespace s 6
object r 9
oldObject r 10
operation s:Operation 7 !
options r 12
requestKind {meta/v1.GroupVersionKind} 13 *
requestResource {meta/v1.GroupVersionResource} 14 *
requestSubResource s 15
resource {meta/v1.GroupVersionResource} 3 !
subResource s 4
uid s:types.UID 1 !
userInfo {authentication/v1.UserInfo} 8 !
=AdmissionResponse
allowed b 2 !
auditAnnotations %s 6
patch y 4
patchType s:PatchType 5 *
status {meta/v1.Status} 3 *
uid s:types.UID 1 !
warnings [s 7
=AdmissionReview
apiVersion s 2
kind s 1
request {AdmissionRequest} 1 *
response {AdmissionResponse} 2 *
@admissionregistration/v1
=ApplyConfiguration
expression s 1
=AuditAnnotation
key s 1 !R
valueExpression s 2 !R
=ExpressionWarning
fieldRef s 2 !R
warning s 3 !R
=JSONPatch
expression s 1
=MatchCondition
expression s 2 !R
name s 1 !R
=MatchResources!
excludeResourceRules [{NamedRuleWithOperations} 4
matchPolicy s:MatchPolicyType 7 *
namespaceSelector {meta/v1.LabelSelector} 1 *
objectSelector {meta/v1.LabelSelector} 2 *
resourceRules [{NamedRuleWithOperations} 3
=MutatingAdmissionPolicy
apiVersion s 2
kind s 1
metadata {meta/v1.ObjectMeta} 1
spec {MutatingAdmissionPolicySpec} 2
=MutatingAdmissionPolicyBinding
apiVersion s 2
kind s 1
metadata {meta/v1.ObjectMeta} 1
spec {MutatingAdmissionPolicyBindingSpec} 2
=MutatingAdmissionPolicyBindingList
apiVersion s 2
items [{MutatingAdmissionPolicyBinding} 2 !R
kind s 1
metadata {meta/v1.ListMeta} 1
=MutatingAdmissionPolicyBindingSpec
matchResources {MatchResources} 3 *
paramRef {ParamRef} 2 *
policyName s 1
=MutatingAdmissionPolicyList
apiVersion s 2
items [{MutatingAdmissionPolicy} 2 !R
kind s 1
metadata {meta/v1.ListMeta} 1
=MutatingAdmissionPolicySpec
failurePolicy s:FailurePolicyType 5 *
matchConditions [{MatchCondition} 6 p m=name K=name
matchConstraints {MatchResources} 2 *
mutations [{Mutation} 4
paramKind {ParamKind} 1 *
reinvocationPolicy s:ReinvocationPolicyType 7
variables [{Variable} 3
=MutatingWebhook
admissionReviewVersions [s 8 !R
clientConfig {WebhookClientConfig} 2 !R
failurePolicy s:FailurePolicyType 4 *
matchConditions [{MatchCondition} 12 p m=name K=name
matchPolicy s:MatchPolicyType 9 *
name s 1 !R
namespaceSelector {meta/v1.LabelSelector} 5 *
objectSelector {meta/v1.LabelSelector} 11 *
reinvocationPolicy s:ReinvocationPolicyType 10 *
rules [{RuleWithOperations} 3
sideEffects s:SideEffectClass 6 *!R
timeoutSeconds i 7 *
=MutatingWebhookConfiguration
apiVersion s 2
kind s 1
metadata {meta/v1.ObjectMeta} 1
webhooks [{MutatingWebhook} 2 p m=name K=name
=MutatingWebhookConfigurationList
apiVersion s 2
items [{MutatingWebhookConfiguration} 2 !R
kind s 1
metadata {meta/v1.ListMeta} 1
=Mutation
applyConfiguration {ApplyConfiguration} 3 *
jsonPatch {JSONPatch} 4 *
patchType s:PatchType 2 !R
=NamedRuleWithOperations!
apiGroups [s 1
apiVersions [s 2
operations [s:OperationType 1
resourceNames [s 1
resources [s 3
scope s:ScopeType 4 *
=ParamKind!
apiVersion s 1
kind s 2
=ParamRef!
name s 1
namespace s 2
parameterNotFoundAction s:ParameterNotFoundActionType 4 *
selector {meta/v1.LabelSelector} 3 *
=Rule
apiGroups [s 1
apiVersions [s 2
resources [s 3
scope s:ScopeType 4 *
=RuleWithOperations
apiGroups [s 1
apiVersions [s 2
operations [s:OperationType 1
resources [s 3
scope s:ScopeType 4 *
=ServiceReference
name s 2 !R
namespace s 1 !R
path s 3 *
port i 4 *
=TypeChecking
expressionWarnings [{ExpressionWarning} 1
=ValidatingAdmissionPolicy
apiVersion s 2
kind s 1
metadata {meta/v1.ObjectMeta} 1
spec {ValidatingAdmissionPolicySpec} 2
status {ValidatingAdmissionPolicyStatus} 3
=ValidatingAdmissionPolicyBinding
apiVersion s 2
kind s 1
metadata {meta/v1.ObjectMeta} 1
spec {ValidatingAdmissionPolicyBindingSpec} 2 R
=ValidatingAdmissionPolicyBindingList
apiVersion s 2
items [{ValidatingAdmissionPolicyBinding} 2 !R
kind s 1
metadata {meta/v1.ListMeta} 1
=ValidatingAdmissionPolicyBindingSpec
matchResources {MatchResources} 3 *
paramRef {ParamRef} 2 *
policyName s 1 R
validationActions [s:ValidationAction 4 RS
=ValidatingAdmissionPolicyList
apiVersion s 2
items [{ValidatingAdmissionPolicy} 2 !R
kind s 1
metadata {meta/v1.ListMeta} 1
=ValidatingAdmissionPolicySpec
auditAnnotations [{AuditAnnotation} 5
failurePolicy s:FailurePolicyType 4 *
matchConditions [{MatchCondition} 6 p m=name K=name
matchConstraints {MatchResources} 2 *
paramKind {ParamKind} 1 *
validations [{Validation} 3
variables [{Variable} 7 p m=name K=name
=ValidatingAdmissionPolicyStatus
conditions [{meta/v1.Condition} 3 m=type
observedGeneration l 1
typeChecking {TypeChecking} 2 *
=ValidatingWebhook
admissionReviewVersions [s 8 !R
clientConfig {WebhookClientConfig} 2 !R
failurePolicy s:FailurePolicyType 4 *
matchConditions [{MatchCondition} 11 p m=name K=name
matchPolicy s:MatchPolicyType 9 *
name s 1 !R
namespaceSelector {meta/v1.LabelSelector} 5 *
objectSelector {meta/v1.LabelSelector} 10 *
rules [{RuleWithOperations} 3
sideEffects s:SideEffectClass 6 *!R
timeoutSeconds i 7 *
=ValidatingWebhookConfiguration
apiVersion s 2
kind s 1
metadata {meta/v1.ObjectMeta} 1
webhooks [{ValidatingWebhook} 2 p m=name K=name
=ValidatingWebhookConfigurationList
apiVersion s 2
items [{ValidatingWebhookConfiguration} 2 !R
kind s 1
metadata {meta/v1.ListMeta} 1
=Validation
expression s 1 !R
message s 2
messageExpression s 4
reason s:meta/v1.StatusReason 3 *
=Variable
expression s 2 !R
name s 1 !R
=WebhookClientConfig
caBundle y 2
service {ServiceReference} 1 *
url s 3 *
@apidiscovery/v2
=APIGroupDiscovery
apiVersion s 2
kind s 1
metadata {meta/v1.ObjectMeta} 1
versions [{APIVersionDiscovery} 2 m=version
=APIGroupDiscoveryList
apiVersion s 2
items [{APIGroupDiscovery} 2 !R
kind s 1
metadata {meta/v1.ListMeta} 1
=APIResourceDiscovery
categories [s 7 S
resource s 1 !R
responseKind {meta/v1.GroupVersionKind} 2 *
scope s:ResourceScope 3 !R
shortNames [s 6 S
singularResource s 4 !R
subresources [{APISubresourceDiscovery} 8 m=subresource
verbs [s 5 !RS
=APISubresourceDiscovery
acceptedTypes [{meta/v1.GroupVersionKind} 3 m=group,version,kind
responseKind {meta/v1.GroupVersionKind} 2 *
subresource s 1 !R
verbs [s 4 !RS
=APIVersionDiscovery
freshness s:DiscoveryFreshness 3
resources [{APIResourceDiscovery} 2 m=resource
version s 1 !R
@apiextensions/v1
=ConversionRequest
desiredAPIVersion s 2 !R
objects [r 3 !R
uid s:types.UID 1 !R
=ConversionResponse
convertedObjects [r 2 !R
result {meta/v1.Status} 3 !R
uid s:types.UID 1 !R
=ConversionReview
apiVersion s 2
kind s 1
request {ConversionRequest} 1 *
response {ConversionResponse} 2 *
=CustomResourceColumnDefinition
description s 4
format s 3
jsonPath s 6 !R
name s 1 !R
priority i 5
type s 2 !R
=CustomResourceConversion
strategy s:ConversionStrategyType 1 !R
webhook {WebhookConversion} 2 *
=CustomResourceDefinition
apiVersion s 2
kind s 1
metadata {meta/v1.ObjectMeta} 1
spec {CustomResourceDefinitionSpec} 2 !R
status {CustomResourceDefinitionStatus} 3
=CustomResourceDefinitionCondition
lastTransitionTime t 3
message s 5
observedGeneration l 6
reason s 4
status s:ConditionStatus 2 !R
type s:CustomResourceDefinitionConditionType 1 !R
=CustomResourceDefinitionList
apiVersion s 2
items [{CustomResourceDefinition} 2 !R
kind s 1
metadata {meta/v1.ListMeta} 1
=CustomResourceDefinitionNames
categories [s 6
kind s 4 !R
listKind s 5
plural s 1 !R
shortNames [s 3
singular s 2
=CustomResourceDefinitionSpec
conversion {CustomResourceConversion} 9 *
group s 1 !R
names {CustomResourceDefinitionNames} 3 !R
preserveUnknownFields b 10
scope s:ResourceScope 4 !R
versions [{CustomResourceDefinitionVersion} 7 !R
=CustomResourceDefinitionStatus
acceptedNames {CustomResourceDefinitionNames} 2 !
conditions [{CustomResourceDefinitionCondition} 1 ! m=type
observedGeneration l 4
storedVersions [s 3 !
=CustomResourceDefinitionVersion
additionalPrinterColumns [{CustomResourceColumnDefinition} 6
deprecated b 7
deprecationWarning s 8 *
name s 1 !R
schema {CustomResourceValidation} 4 *
selectableFields [{SelectableField} 9
served b 2 !R
storage b 3 !R
subresources {CustomResourceSubresources} 5 *
=CustomResourceSubresourceScale
labelSelectorPath s 3 *
specReplicasPath s 1 !R
statusReplicasPath s 2 !R
=CustomResourceSubresourceStatus
=CustomResourceSubresources
scale {CustomResourceSubresourceScale} 2 *
status {CustomResourceSubresourceStatus} 1 *
=CustomResourceValidation
openAPIV3Schema {JSONSchemaProps} 1 *
=ExternalDocumentation
description s 1
url s 2
=JSONSchemaProps
$ref s 3 *
$schema s:JSONSchemaURL 2
additionalItems a:JSONSchemaPropsOrBool 33 *
additionalProperties a:JSONSchemaPropsOrBool 30 *
allOf [{JSONSchemaProps} 25
anyOf [{JSONSchemaProps} 27
default a 8 *
definitions %{JSONSchemaProps}~JSONSchemaDefinitions 34
dependencies %a~JSONSchemaDependencies 32
description s 4
enum [a 20
example a 36 *
exclusiveMaximum b 10
exclusiveMinimum b 12
externalDocs {ExternalDocumentation} 35 *
format s 6
id s 1
items a:JSONSchemaPropsOrArray 24 *
maxItems l 16 *
maxLength l 13 *
maxProperties l 21 *
maximum f 9 *
minItems l 17 *
minLength l 14 *
minProperties l 22 *
minimum f 11 *
multipleOf f 19 *
not {JSONSchemaProps} 28 *
nullable b 37
oneOf [{JSONSchemaProps} 26
pattern s 15
patternProperties %{JSONSchemaProps} 31
properties %{JSONSchemaProps} 29
required [s 23
title s 7
type s 5
uniqueItems b 18
x-kubernetes-embedded-resource b 39
x-kubernetes-int-or-string b 40
x-kubernetes-list-map-keys [s 41
x-kubernetes-list-type s 42 *
x-kubernetes-map-type s 43 *
x-kubernetes-preserve-unknown-fields b 38 *
x-kubernetes-validations [{ValidationRule}~ValidationRules 44 p m=rule K=rule
=SelectableField
jsonPath s 1 !R
=ServiceReference
name s 2 !R
namespace s 1 !R
path s 3 *
port i 4 *
=ValidationRule
fieldPath s 5
message s 2
messageExpression s 3
optionalOldSelf b 6 *
reason s:FieldValueErrorReason 4 *
rule s 1 !R
=WebhookClientConfig
caBundle y 2
service {ServiceReference} 1 *
url s 3 *
=WebhookConversion
clientConfig {WebhookClientConfig} 2 *
conversionReviewVersions [s 3 !R
@apiregistration/v1
=APIService
apiVersion s 2
kind s 1
metadata {meta/v1.ObjectMeta} 1
spec {APIServiceSpec} 2
status {APIServiceStatus} 3
=APIServiceCondition
lastTransitionTime t 3
message s 5
reason s 4
status s:ConditionStatus 2 !R
type s:APIServiceConditionType 1 !R
=APIServiceList
apiVersion s 2
items [{APIService} 2 !R
kind s 1
metadata {meta/v1.ListMeta} 1
=APIServiceSpec
caBundle y 5
group s 2
groupPriorityMinimum i 7 !R
insecureSkipTLSVerify b 4
service {ServiceReference} 1 *
version s 3
versionPriority i 8 !R
=APIServiceStatus
conditions [{APIServiceCondition} 1 p m=type K=type
=ServiceReference
name s 2
namespace s 1
port i 3 *
@apps/v1
=ControllerRevision
apiVersion s 2
data r 2
kind s 1
metadata {meta/v1.ObjectMeta} 1
revision l 3 !R
=ControllerRevisionList
apiVersion s 2
items [{ControllerRevision} 2 !R
kind s 1
metadata {meta/v1.ListMeta} 1
=DaemonSet
apiVersion s 2
kind s 1
metadata {meta/v1.ObjectMeta} 1
spec {DaemonSetSpec} 2
status {DaemonSetStatus} 3
=DaemonSetCondition
lastTransitionTime t 3
message s 5
reason s 4
status s:core/v1.ConditionStatus 2 !R
type s:DaemonSetConditionType 1 !R
=DaemonSetList
apiVersion s 2
items [{DaemonSet} 2 !R
kind s 1
metadata {meta/v1.ListMeta} 1
=DaemonSetSpec
minReadySeconds i 4
revisionHistoryLimit i 6 *
selector {meta/v1.LabelSelector} 1 *!R
template {core/v1.PodTemplateSpec} 2 !R
updateStrategy {DaemonSetUpdateStrategy} 3
=DaemonSetStatus
collisionCount i 9 *
conditions [{DaemonSetCondition} 10 p m=type K=type
currentNumberScheduled i 1 !R
desiredNumberScheduled i 3 !R
numberAvailable i 7
numberMisscheduled i 2 !R
numberReady i 4 !R
numberUnavailable i 8
observedGeneration l 5
updatedNumberScheduled i 6
=DaemonSetUpdateStrategy
rollingUpdate {RollingUpdateDaemonSet} 2 *
type s:DaemonSetUpdateStrategyType 1
=Deployment
apiVersion s 2
kind s 1
metadata {meta/v1.ObjectMeta} 1
spec {DeploymentSpec} 2
status {DeploymentStatus} 3
=DeploymentCondition
lastTransitionTime t 7
lastUpdateTime t 6
message s 5
reason s 4
status s:core/v1.ConditionStatus 2 !R
type s:DeploymentConditionType 1 !R
=DeploymentList
apiVersion s 2
items [{Deployment} 2 !R
kind s 1
metadata {meta/v1.ListMeta} 1
=DeploymentSpec
minReadySeconds i 5
paused b 7
progressDeadlineSeconds i 9 *
replicas i 1 *
revisionHistoryLimit i 6 *
selector {meta/v1.LabelSelector} 2 *!R
strategy {DeploymentStrategy} 4 k
template {core/v1.PodTemplateSpec} 3 !R
=DeploymentStatus
availableReplicas i 4
collisionCount i 8 *
conditions [{DeploymentCondition} 6 p m=type K=type
observedGeneration l 1
readyReplicas i 7
replicas i 2
terminatingReplicas i 9 *
unavailableReplicas i 5
updatedReplicas i 3
=DeploymentStrategy
rollingUpdate {RollingUpdateDeployment} 2 *
type s:DeploymentStrategyType 1
=ReplicaSet
apiVersion s 2
kind s 1
metadata {meta/v1.ObjectMeta} 1
spec {ReplicaSetSpec} 2
status {ReplicaSetStatus} 3
=ReplicaSetCondition
lastTransitionTime t 3
message s 5
reason s 4
status s:core/v1.ConditionStatus 2 !R
type s:ReplicaSetConditionType 1 !R
=ReplicaSetList
apiVersion s 2
items [{ReplicaSet} 2 !R
kind s 1
metadata {meta/v1.ListMeta} 1
=ReplicaSetSpec
minReadySeconds i 4
replicas i 1 *
selector {meta/v1.LabelSelector} 2 *!R
template {core/v1.PodTemplateSpec} 3
=ReplicaSetStatus
availableReplicas i 5
conditions [{ReplicaSetCondition} 6 p m=type K=type
fullyLabeledReplicas i 2
observedGeneration l 3
readyReplicas i 4
replicas i 1 !R
terminatingReplicas i 7 *
=RollingUpdateDaemonSet
maxSurge x 2 *
maxUnavailable x 1 *
=RollingUpdateDeployment
maxSurge x 2 *
maxUnavailable x 1 *
=RollingUpdateStatefulSetStrategy
maxUnavailable x 2 *
partition i 1 *
=StatefulSet
apiVersion s 2
kind s 1
metadata {meta/v1.ObjectMeta} 1
spec {StatefulSetSpec} 2
status {StatefulSetStatus} 3
=StatefulSetCondition
lastTransitionTime t 3
message s 5
reason s 4
status s:core/v1.ConditionStatus 2 !R
type s:StatefulSetConditionType 1 !R
=StatefulSetList
apiVersion s 2
items [{StatefulSet} 2 !R
kind s 1
metadata {meta/v1.ListMeta} 1
=StatefulSetOrdinals
start i 1 !
=StatefulSetPersistentVolumeClaimRetentionPolicy
whenDeleted s:PersistentVolumeClaimRetentionPolicyType 1
whenScaled s:PersistentVolumeClaimRetentionPolicyType 2
=StatefulSetSpec
minReadySeconds i 9
ordinals {StatefulSetOrdinals} 11 *
persistentVolumeClaimRetentionPolicy {StatefulSetPersistentVolumeClaimRetentionPolicy} 10 *
podManagementPolicy s:PodManagementPolicyType 6
replicas i 1 *
revisionHistoryLimit i 8 *
selector {meta/v1.LabelSelector} 2 *!R
serviceName s 5 !
template {core/v1.PodTemplateSpec} 3 !R
updateStrategy {StatefulSetUpdateStrategy} 7
volumeClaimTemplates [{core/v1.PersistentVolumeClaim} 4
=StatefulSetStatus
availableReplicas i 11 !
collisionCount i 9 *
conditions [{StatefulSetCondition} 10 p m=type K=type
currentReplicas i 4
currentRevision s 6
observedGeneration l 1
readyReplicas i 3
replicas i 2 !R
updateRevision s 7
updatedReplicas i 5
=StatefulSetUpdateStrategy
rollingUpdate {RollingUpdateStatefulSetStrategy} 2 *
type s:StatefulSetUpdateStrategyType 1
@authentication/v1
=BoundObjectReference
apiVersion s 2
kind s 1
name s 3
uid s:types.UID 4
=SelfSubjectReview
apiVersion s 2
kind s 1
metadata {meta/v1.ObjectMeta} 1
status {SelfSubjectReviewStatus} 2
=SelfSubjectReviewStatus
userInfo {UserInfo} 1
=TokenRequest
apiVersion s 2
kind s 1
metadata {meta/v1.ObjectMeta} 1
spec {TokenRequestSpec} 2 !
status {TokenRequestStatus} 3
=TokenRequestSpec
audiences [s 1 !
boundObjectRef {BoundObjectReference} 3 *!
expirationSeconds l 4 *!
=TokenRequestStatus
expirationTimestamp t 2 !
token s 1 !
=TokenReview
apiVersion s 2
kind s 1
metadata {meta/v1.ObjectMeta} 1
spec {TokenReviewSpec} 2 !R
status {TokenReviewStatus} 3
=TokenReviewSpec
audiences [s 2
token s 1 R
=TokenReviewStatus
audiences [s 4
authenticated b 1
error s 3
user {UserInfo} 2
=UserInfo
extra %[s~ExtraValue 4
groups [s 3
uid s 2
username s 1
@authorization/v1
=FieldSelectorAttributes
rawSelector s 1
requirements [{meta/v1.FieldSelectorRequirement} 2
=LabelSelectorAttributes
rawSelector s 1
requirements [{meta/v1.LabelSelectorRequirement} 2
=LocalSubjectAccessReview
apiVersion s 2
kind s 1
metadata {meta/v1.ObjectMeta} 1
spec {SubjectAccessReviewSpec} 2 !R
status {SubjectAccessReviewStatus} 3
=NonResourceAttributes
path s 1
verb s 2
=NonResourceRule
nonResourceURLs [s 2
verbs [s 1 !R
=ResourceAttributes
fieldSelector {FieldSelectorAttributes} 8 *
group s 3
labelSelector {LabelSelectorAttributes} 9 *
name s 7
namespace s 1
resource s 5
subresource s 6
verb s 2
version s 4
=ResourceRule
apiGroups [s 2
resourceNames [s 4
resources [s 3
verbs [s 1 !R
=SelfSubjectAccessReview
apiVersion s 2
kind s 1
metadata {meta/v1.ObjectMeta} 1
spec {SelfSubjectAccessReviewSpec} 2 !R
status {SubjectAccessReviewStatus} 3
=SelfSubjectAccessReviewSpec
nonResourceAttributes {NonResourceAttributes} 2 *
resourceAttributes {ResourceAttributes} 1 *
=SelfSubjectRulesReview
apiVersion s 2
kind s 1
metadata {meta/v1.ObjectMeta} 1
spec {SelfSubjectRulesReviewSpec} 2 !R
status {SubjectRulesReviewStatus} 3
=SelfSubjectRulesReviewSpec
namespace s 1
=SubjectAccessReview
apiVersion s 2
kind s 1
metadata {meta/v1.ObjectMeta} 1
spec {SubjectAccessReviewSpec} 2 !R
status {SubjectAccessReviewStatus} 3
=SubjectAccessReviewSpec
extra %[s~ExtraValue 5
groups [s 4
nonResourceAttributes {NonResourceAttributes} 2 *
resourceAttributes {ResourceAttributes} 1 *
uid s 6
user s 3
=SubjectAccessReviewStatus
allowed b 1 !R
denied b 4
evaluationError s 3
reason s 2
=SubjectRulesReviewStatus
evaluationError s 4
incomplete b 3 !R
nonResourceRules [{NonResourceRule} 2 !R
resourceRules [{ResourceRule} 1 !R
@autoscaling/v1
=ContainerResourceMetricSource
container s 5 !R
name s:core/v1.ResourceName 1 !R
targetAverageUtilization i 2 *
targetAverageValue q 3 *
=ContainerResourceMetricStatus
container s 4 !R
currentAverageUtilization i 2 *
currentAverageValue q 3 !R
name s:core/v1.ResourceName 1 !R
=CrossVersionObjectReference!
apiVersion s 3
kind s 1 !R
name s 2 !R
=ExternalMetricSource
metricName s 1 !R
metricSelector {meta/v1.LabelSelector} 2 *
targetAverageValue q 4 *
targetValue q 3 *
=ExternalMetricStatus
currentAverageValue q 4 *
currentValue q 3 !R
metricName s 1 !R
metricSelector {meta/v1.LabelSelector} 2 *
=HorizontalPodAutoscaler
apiVersion s 2
kind s 1
metadata {meta/v1.ObjectMeta} 1
spec {HorizontalPodAutoscalerSpec} 2 R
status {HorizontalPodAutoscalerStatus} 3
=HorizontalPodAutoscalerCondition
lastTransitionTime t 3
message s 5
reason s 4
status s:core/v1.ConditionStatus 2 !R
type s:HorizontalPodAutoscalerConditionType 1 !R
=HorizontalPodAutoscalerList
apiVersion s 2
items [{HorizontalPodAutoscaler} 2 !R
kind s 1
metadata {meta/v1.ListMeta} 1
=HorizontalPodAutoscalerSpec
maxReplicas i 3 !R
minReplicas i 2 *
scaleTargetRef {CrossVersionObjectReference} 1 !R
targetCPUUtilizationPercentage i 4 *
=HorizontalPodAutoscalerStatus
currentCPUUtilizationPercentage i 5 *
currentReplicas i 3 !R
desiredReplicas i 4 !R
lastScaleTime t 2 *
observedGeneration l 1 *
=MetricSpec
containerResource {ContainerResourceMetricSource} 7 *
external {ExternalMetricSource} 5 *
object {ObjectMetricSource} 2 *
pods {PodsMetricSource} 3 *
resource {ResourceMetricSource} 4 *
type s:MetricSourceType 1 !R
=MetricStatus
containerResource {ContainerResourceMetricStatus} 7 *
external {ExternalMetricStatus} 5 *
object {ObjectMetricStatus} 2 *
pods {PodsMetricStatus} 3 *
resource {ResourceMetricStatus} 4 *
type s:MetricSourceType 1 !R
=ObjectMetricSource
averageValue q 5 *
metricName s 2 !R
selector {meta/v1.LabelSelector} 4 *
target {CrossVersionObjectReference} 1 !R
targetValue q 3 !R
=ObjectMetricStatus
averageValue q 5 *
currentValue q 3 !R
metricName s 2 !R
selector {meta/v1.LabelSelector} 4 *
target {CrossVersionObjectReference} 1 !R
=PodsMetricSource
metricName s 1 !R
selector {meta/v1.LabelSelector} 3 *
targetAverageValue q 2 !R
=PodsMetricStatus
currentAverageValue q 2 !R
metricName s 1 !R
selector {meta/v1.LabelSelector} 3 *
=ResourceMetricSource
name s:core/v1.ResourceName 1 !R
targetAverageUtilization i 2 *
targetAverageValue q 3 *
=ResourceMetricStatus
currentAverageUtilization i 2 *
currentAverageValue q 3 !R
name s:core/v1.ResourceName 1 !R
=Scale
apiVersion s 2
kind s 1
metadata {meta/v1.ObjectMeta} 1
spec {ScaleSpec} 2
status {ScaleStatus} 3
=ScaleSpec
replicas i 1 D=0
=ScaleStatus
replicas i 1 !R
selector s 2
@autoscaling/v2
=ContainerResourceMetricSource
container s 3 !R
name s:core/v1.ResourceName 1 !R
target {MetricTarget} 2 !R
=ContainerResourceMetricStatus
container s 3 !R
current {MetricValueStatus} 2 !R
name s:core/v1.ResourceName 1 !R
=CrossVersionObjectReference
apiVersion s 3
kind s 1 !R
name s 2 !R
=ExternalMetricSource
metric {MetricIdentifier} 1 !R
target {MetricTarget} 2 !R
=ExternalMetricStatus
current {MetricValueStatus} 2 !R
metric {MetricIdentifier} 1 !R
=HPAScalingPolicy
periodSeconds i 3 !R
type s:HPAScalingPolicyType 1 !R
value i 2 !R
=HPAScalingRules
policies [{HPAScalingPolicy} 2
selectPolicy s:ScalingPolicySelect 1 *
stabilizationWindowSeconds i 3 *
tolerance q 4 *
=HorizontalPodAutoscaler
apiVersion s 2
kind s 1
metadata {meta/v1.ObjectMeta} 1
spec {HorizontalPodAutoscalerSpec} 2 R
status {HorizontalPodAutoscalerStatus} 3
=HorizontalPodAutoscalerBehavior
scaleDown {HPAScalingRules} 2 *
scaleUp {HPAScalingRules} 1 *
=HorizontalPodAutoscalerCondition
lastTransitionTime t 3
message s 5
reason s 4
status s:core/v1.ConditionStatus 2 !R
type s:HorizontalPodAutoscalerConditionType 1 !R
=HorizontalPodAutoscalerList
apiVersion s 2
items [{HorizontalPodAutoscaler} 2 !R
kind s 1
metadata {meta/v1.ListMeta} 1
=HorizontalPodAutoscalerSpec
behavior {HorizontalPodAutoscalerBehavior} 5 *
maxReplicas i 3 !R
metrics [{MetricSpec} 4
minReplicas i 2 *
scaleTargetRef {CrossVersionObjectReference} 1 !R
=HorizontalPodAutoscalerStatus
conditions [{HorizontalPodAutoscalerCondition} 6 p m=type K=type
currentMetrics [{MetricStatus} 5 !
currentReplicas i 3
desiredReplicas i 4 !R
lastScaleTime t 2 *
observedGeneration l 1 *
=MetricIdentifier
name s 1 !R
selector {meta/v1.LabelSelector} 2 *
=MetricSpec
containerResource {ContainerResourceMetricSource} 7 *
external {ExternalMetricSource} 5 *
object {ObjectMetricSource} 2 *
pods {PodsMetricSource} 3 *
resource {ResourceMetricSource} 4 *
type s:MetricSourceType 1 !R
=MetricStatus
containerResource {ContainerResourceMetricStatus} 7 *
external {ExternalMetricStatus} 5 *
object {ObjectMetricStatus} 2 *
pods {PodsMetricStatus} 3 *
resource {ResourceMetricStatus} 4 *
type s:MetricSourceType 1 !R
=MetricTarget
averageUtilization i 4 *
averageValue q 3 *
type s:MetricTargetType 1 !R
value q 2 *
=MetricValueStatus
averageUtilization i 3 *
averageValue q 2 *
value q 1 *
=ObjectMetricSource
describedObject {CrossVersionObjectReference} 1 !R
metric {MetricIdentifier} 3 !R
target {MetricTarget} 2 !R
=ObjectMetricStatus
current {MetricValueStatus} 2 !R
describedObject {CrossVersionObjectReference} 3 !R
metric {MetricIdentifier} 1 !R
=PodsMetricSource
metric {MetricIdentifier} 1 !R
target {MetricTarget} 2 !R
=PodsMetricStatus
current {MetricValueStatus} 2 !R
metric {MetricIdentifier} 1 !R
=ResourceMetricSource
name s:core/v1.ResourceName 1 !R
target {MetricTarget} 2 !R
=ResourceMetricStatus
current {MetricValueStatus} 2 !R
name s:core/v1.ResourceName 1 !R
@batch/v1
=CronJob
apiVersion s 2
kind s 1
metadata {meta/v1.ObjectMeta} 1
spec {CronJobSpec} 2 R
status {CronJobStatus} 3
=CronJobList
apiVersion s 2
items [{CronJob} 2 !R
kind s 1
metadata {meta/v1.ListMeta} 1
=CronJobSpec
concurrencyPolicy s:ConcurrencyPolicy 3
failedJobsHistoryLimit i 7 *
jobTemplate {JobTemplateSpec} 5 !R
schedule s 1 !R
startingDeadlineSeconds l 2 *
successfulJobsHistoryLimit i 6 *
suspend b 4 *
timeZone s 8 *
=CronJobStatus
active [{core/v1.ObjectReference} 1
lastScheduleTime t 4 *
lastSuccessfulTime t 5 *
=Job
apiVersion s 2
kind s 1
metadata {meta/v1.ObjectMeta} 1
spec {JobSpec} 2
status {JobStatus} 3
=JobCondition
lastProbeTime t 3
lastTransitionTime t 4
message s 6
reason s 5
status s:core/v1.ConditionStatus 2 !R
type s:JobConditionType 1 !R
=JobList
apiVersion s 2
items [{Job} 2 !R
kind s 1
metadata {meta/v1.ListMeta} 1
=JobSpec
activeDeadlineSeconds l 3 *
backoffLimit i 7 *
backoffLimitPerIndex i 12 *
completionMode s:CompletionMode 9 *
completions i 2 *
managedBy s 15 *
manualSelector b 5 *
maxFailedIndexes i 13 *
parallelism i 1 *
podFailurePolicy {PodFailurePolicy} 11 *
podReplacementPolicy s:PodReplacementPolicy 14 *
selector {meta/v1.LabelSelector} 4 *
successPolicy {SuccessPolicy} 16 *
suspend b 10 *
template {core/v1.PodTemplateSpec} 6 !R
ttlSecondsAfterFinished i 8 *
=JobStatus
active i 4
completedIndexes s 7
completionTime t 3 *
conditions [{JobCondition} 1 p K=type
failed i 6
failedIndexes s 10 *
ready i 9 *
startTime t 2 *
succeeded i 5
terminating i 11 *
uncountedTerminatedPods {UncountedTerminatedPods} 8 *
=JobTemplateSpec
metadata {meta/v1.ObjectMeta} 1
spec {JobSpec} 2
=PodFailurePolicy
rules [{PodFailurePolicyRule} 1 !R
=PodFailurePolicyOnExitCodesRequirement
containerName s 1 *
operator s:PodFailurePolicyOnExitCodesOperator 2 !R
values [i 3 !RS
=PodFailurePolicyOnPodConditionsPattern
status s:core/v1.ConditionStatus 2 !
type s:core/v1.PodConditionType 1 !R
=PodFailurePolicyRule
action s:PodFailurePolicyAction 1 !R
onExitCodes {PodFailurePolicyOnExitCodesRequirement} 2 *
onPodConditions [{PodFailurePolicyOnPodConditionsPattern} 3
=SuccessPolicy
rules [{SuccessPolicyRule} 1 !R
=SuccessPolicyRule
succeededCount i 2 *
succeededIndexes s 1 *
=UncountedTerminatedPods
failed [s:types.UID 2 S
succeeded [s:types.UID 1 S
@certificates/v1
=CertificateSigningRequest
apiVersion s 2
kind s 1
metadata {meta/v1.ObjectMeta} 1
spec {CertificateSigningRequestSpec} 2 !R
status {CertificateSigningRequestStatus} 3
=CertificateSigningRequestCondition
lastTransitionTime t 5
lastUpdateTime t 4
message s 3
reason s 2
status s:core/v1.ConditionStatus 6 !R
type s:RequestConditionType 1 !R
=CertificateSigningRequestList
apiVersion s 2
items [{CertificateSigningRequest} 2 !R
kind s 1
metadata {meta/v1.ListMeta} 1
=CertificateSigningRequestSpec
expirationSeconds i 8 *
extra %[s~ExtraValue 6
groups [s 4
request y 1 !R
signerName s 7 !R
uid s 3
usages [s:KeyUsage 5
username s 2
=CertificateSigningRequestStatus
certificate y 2
conditions [{CertificateSigningRequestCondition} 1 m=type
@coordination/v1
=Lease
apiVersion s 2
kind s 1
metadata {meta/v1.ObjectMeta} 1
spec {LeaseSpec} 2
=LeaseList
apiVersion s 2
items [{Lease} 2 !R
kind s 1
metadata {meta/v1.ListMeta} 1
=LeaseSpec
acquireTime u 3 *
holderIdentity s 1 *
leaseDurationSeconds i 2 *
leaseTransitions i 5 *
preferredHolder s 7 *
renewTime u 4 *
strategy s:CoordinatedLeaseStrategy 6 *
@core/v1
=AWSElasticBlockStoreVolumeSource
fsType s 2
partition i 3
readOnly b 4
volumeID s 1 !R
=Affinity
nodeAffinity {NodeAffinity} 1 *
podAffinity {PodAffinity} 2 *
podAntiAffinity {PodAntiAffinity} 3 *
=AppArmorProfile
localhostProfile s 2 *
type s:AppArmorProfileType 1 !R
=AttachedVolume
devicePath s 2 !R
name s:UniqueVolumeName 1 !R
=AvoidPods
preferAvoidPods [{PreferAvoidPodsEntry} 1
=AzureDiskVolumeSource
cachingMode s:AzureDataDiskCachingMode 3 * D="ReadWrite"
diskName s 1 !R
diskURI s 2 !R
fsType s 4 * D="ext4"
kind s:AzureDataDiskKind 6 * D="Shared"
readOnly b 5 * D=false
=AzureFilePersistentVolumeSource
readOnly b 3
secretName s 1 !R
secretNamespace s 4 *!
shareName s 2 !R
=AzureFileVolumeSource
readOnly b 3
secretName s 1 !R
shareName s 2 !R
=Binding
apiVersion s 2
kind s 1
metadata {meta/v1.ObjectMeta} 1
target {ObjectReference} 2 !R
=CSIPersistentVolumeSource
controllerExpandSecretRef {SecretReference} 9 *
controllerPublishSecretRef {SecretReference} 6 *
driver s 1 !R
fsType s 4
nodeExpandSecretRef {SecretReference} 10 *
nodePublishSecretRef {SecretReference} 8 *
nodeStageSecretRef {SecretReference} 7 *
readOnly b 3
volumeAttributes %s 5
volumeHandle s 2 !R
=CSIVolumeSource
driver s 1 !R
fsType s 3 *
nodePublishSecretRef {LocalObjectReference} 5 *
readOnly b 2 *
volumeAttributes %s 4
=Capabilities
add [s:Capability 1
drop [s:Capability 2
=CephFSPersistentVolumeSource
monitors [s 1 !R
path s 2
readOnly b 6
secretFile s 4
secretRef {SecretReference} 5 *
user s 3
=CephFSVolumeSource
monitors [s 1 !R
path s 2
readOnly b 6
secretFile s 4
secretRef {LocalObjectReference} 5 *
user s 3
=CinderPersistentVolumeSource
fsType s 2
readOnly b 3
secretRef {SecretReference} 4 *
volumeID s 1 !R
=CinderVolumeSource
fsType s 2
readOnly b 3
secretRef {LocalObjectReference} 4 *
volumeID s 1 !R
=ClientIPConfig
timeoutSeconds i 1 *
=ClusterTrustBundleProjection
labelSelector {meta/v1.LabelSelector} 3 *
name s 1 *
optional b 5 *
path s 4 !R
signerName s 2 *
=ComponentCondition
error s 4
message s 3
status s:ConditionStatus 2 !R
type s:ComponentConditionType 1 !R
=ComponentStatus
apiVersion s 2
conditions [{ComponentCondition} 2 p m=type K=type
kind s 1
metadata {meta/v1.ObjectMeta} 1
=ComponentStatusList
apiVersion s 2
items [{ComponentStatus} 2 !R
kind s 1
metadata {meta/v1.ListMeta} 1
=ConfigMap
apiVersion s 2
binaryData %y 3
data %s 2
immutable b 4 *
kind s 1
metadata {meta/v1.ObjectMeta} 1
=ConfigMapEnvSource
name s 1 D=""
optional b 2 *
=ConfigMapKeySelector!
key s 2 !R
name s 1 D=""
optional b 3 *
=ConfigMapList
apiVersion s 2
items [{ConfigMap} 2 !R
kind s 1
metadata {meta/v1.ListMeta} 1
=ConfigMapNodeConfigSource
kubeletConfigKey s 5 !R
name s 2 !R
namespace s 1 !R
resourceVersion s 4
uid s:types.UID 3
=ConfigMapProjection
items [{KeyToPath} 2
name s 1 D=""
optional b 4 *
=ConfigMapVolumeSource
defaultMode i 3 *
items [{KeyToPath} 2
name s 1 D=""
optional b 4 *
=Container
args [s 4
command [s 3
env [{EnvVar} 7 p m=name K=name
envFrom [{EnvFromSource} 19
image s 2
imagePullPolicy s:PullPolicy 14
lifecycle {Lifecycle} 12 *
livenessProbe {Probe} 10 *
name s 1 !R
ports [{ContainerPort} 6 p m=containerPort,protocol K=containerPort
readinessProbe {Probe} 11 *
resizePolicy [{ContainerResizePolicy} 23
resources {ResourceRequirements} 8
restartPolicy s:ContainerRestartPolicy 24 *
restartPolicyRules [{ContainerRestartRule} 25
securityContext {SecurityContext} 15 *
startupProbe {Probe} 22 *
stdin b 16
stdinOnce b 17
terminationMessagePath s 13
terminationMessagePolicy s:TerminationMessagePolicy 20
tty b 18
volumeDevices [{VolumeDevice} 21 p m=devicePath K=devicePath
volumeMounts [{VolumeMount} 9 p m=mountPath K=mountPath
workingDir s 5
=ContainerExtendedResourceRequest
containerName s 1 !R
requestName s 3 !R
resourceName s 2 !R
=ContainerImage
names [s 1 !
sizeBytes l 2
=ContainerPort
containerPort i 3 !R
hostIP s 5
hostPort i 2
name s 1
protocol s:Protocol 4 D="TCP"
=ContainerResizePolicy
resourceName s:ResourceName 1 !R
restartPolicy s:ResourceResizeRestartPolicy 2 !R
=ContainerRestartRule
action s:ContainerRestartRuleAction 1 R
exitCodes {ContainerRestartRuleOnExitCodes} 2 *
=ContainerRestartRuleOnExitCodes
operator s:ContainerRestartRuleOnExitCodesOperator 1 R
values [i 2 S
=ContainerState
running {ContainerStateRunning} 2 *
terminated {ContainerStateTerminated} 3 *
waiting {ContainerStateWaiting} 1 *
=ContainerStateRunning
startedAt t 1
=ContainerStateTerminated
containerID s 7
exitCode i 1 !R
finishedAt t 6
message s 4
reason s 3
signal i 2
startedAt t 5
=ContainerStateWaiting
message s 2
reason s 1
=ContainerStatus
allocatedResources %q~ResourceList 10
allocatedResourcesStatus [{ResourceStatus} 14 p m=name K=name
containerID s 8
image s 6 !R
imageID s 7 !R
lastState {ContainerState} 3
name s 1 !R
ready b 4 !R
resources {ResourceRequirements} 11 *
restartCount i 5 !R
started b 9 *
state {ContainerState} 2
stopSignal s:Signal 15 *
user {ContainerUser} 13 *
volumeMounts [{VolumeMountStatus} 12 p m=mountPath K=mountPath
=ContainerUser
linux {LinuxContainerUser} 1 *
=DaemonEndpoint
Port i 1 !R
=DownwardAPIProjection
items [{DownwardAPIVolumeFile} 1
=DownwardAPIVolumeFile
fieldRef {ObjectFieldSelector} 2 *
mode i 4 *
path s 1 !R
resourceFieldRef {ResourceFieldSelector} 3 *
=DownwardAPIVolumeSource
defaultMode i 2 *
items [{DownwardAPIVolumeFile} 1
=EmptyDirVolumeSource
medium s:StorageMedium 1
sizeLimit q 2 *
=EndpointAddress!
hostname s 3
ip s 1 !R
nodeName s 4 *
targetRef {ObjectReference} 2 *
=EndpointPort!
appProtocol s 4 *
name s 1
port i 2 !R
protocol s:Protocol 3
=EndpointSubset
addresses [{EndpointAddress} 1
notReadyAddresses [{EndpointAddress} 2
ports [{EndpointPort} 3
=Endpoints
apiVersion s 2
kind s 1
metadata {meta/v1.ObjectMeta} 1
subsets [{EndpointSubset} 2
=EndpointsList
apiVersion s 2
items [{Endpoints} 2 !R
kind s 1
metadata {meta/v1.ListMeta} 1
=EnvFromSource
configMapRef {ConfigMapEnvSource} 2 *
prefix s 1
secretRef {SecretEnvSource} 3 *
=EnvVar
name s 1 !R
value s 2
valueFrom {EnvVarSource} 3 *
=EnvVarSource
configMapKeyRef {ConfigMapKeySelector} 3 *
fieldRef {ObjectFieldSelector} 1 *
fileKeyRef {FileKeySelector} 5 *
resourceFieldRef {ResourceFieldSelector} 2 *
secretKeyRef {SecretKeySelector} 4 *
=EphemeralContainer
args [s 4
command [s 3
env [{EnvVar} 7 p m=name K=name
envFrom [{EnvFromSource} 19
image s 2
imagePullPolicy s:PullPolicy 14
lifecycle {Lifecycle} 12 *
livenessProbe {Probe} 10 *
name s 1 !R
ports [{ContainerPort} 6 p m=containerPort,protocol K=containerPort
readinessProbe {Probe} 11 *
resizePolicy [{ContainerResizePolicy} 23
resources {ResourceRequirements} 8
restartPolicy s:ContainerRestartPolicy 24 *
restartPolicyRules [{ContainerRestartRule} 25
securityContext {SecurityContext} 15 *
startupProbe {Probe} 22 *
stdin b 16
stdinOnce b 17
targetContainerName s 2
terminationMessagePath s 13
terminationMessagePolicy s:TerminationMessagePolicy 20
tty b 18
volumeDevices [{VolumeDevice} 21 p m=devicePath K=devicePath
volumeMounts [{VolumeMount} 9 p m=mountPath K=mountPath
workingDir s 5
=EphemeralContainerCommon
args [s 4
command [s 3
env [{EnvVar} 7 p m=name K=name
envFrom [{EnvFromSource} 19
image s 2
imagePullPolicy s:PullPolicy 14
lifecycle {Lifecycle} 12 *
livenessProbe {Probe} 10 *
name s 1 !R
ports [{ContainerPort} 6 p m=containerPort,protocol K=containerPort
readinessProbe {Probe} 11 *
resizePolicy [{ContainerResizePolicy} 23
resources {ResourceRequirements} 8
restartPolicy s:ContainerRestartPolicy 24 *
restartPolicyRules [{ContainerRestartRule} 25
securityContext {SecurityContext} 15 *
startupProbe {Probe} 22 *
stdin b 16
stdinOnce b 17
terminationMessagePath s 13
terminationMessagePolicy s:TerminationMessagePolicy 20
tty b 18
volumeDevices [{VolumeDevice} 21 p m=devicePath K=devicePath
volumeMounts [{VolumeMount} 9 p m=mountPath K=mountPath
workingDir s 5
=EphemeralVolumeSource
volumeClaimTemplate {PersistentVolumeClaimTemplate} 1 *
=Event
action s 12
apiVersion s 2
count i 8
eventTime u 10
firstTimestamp t 6
involvedObject {ObjectReference} 2 !R
kind s 1
lastTimestamp t 7
message s 4
metadata {meta/v1.ObjectMeta} 1 !R
reason s 3
related {ObjectReference} 13 *
reportingComponent s 14 !
reportingInstance s 15 !
series {EventSeries} 11 *
source {EventSource} 5
type s 9
=EventList
apiVersion s 2
items [{Event} 2 !R
kind s 1
metadata {meta/v1.ListMeta} 1
=EventSeries
count i 1
lastObservedTime u 2
=EventSource
component s 1
host s 2
=ExecAction
command [s 1
=FCVolumeSource
fsType s 3
lun i 2 *
readOnly b 4
targetWWNs [s 1
wwids [s 5
=FileKeySelector!
key s 3 !R
optional b 4 * D=false
path s 2 !R
volumeName s 1 !R
=FlexPersistentVolumeSource
driver s 1 !R
fsType s 2
options %s 5
readOnly b 4
secretRef {SecretReference} 3 *
=FlexVolumeSource
driver s 1 !R
fsType s 2
options %s 5
readOnly b 4
secretRef {LocalObjectReference} 3 *
=FlockerVolumeSource
datasetName s 1
datasetUUID s 2
=GCEPersistentDiskVolumeSource
fsType s 2
partition i 3
pdName s 1 !R
readOnly b 4
=GRPCAction
port i 1 !R
service s 2 *! D=""
=GitRepoVolumeSource
directory s 3
repository s 1 !R
revision s 2
=GlusterfsPersistentVolumeSource
endpoints s 1 !R
endpointsNamespace s 4 *
path s 2 !R
readOnly b 3
=GlusterfsVolumeSource
endpoints s 1 !R
path s 2 !R
readOnly b 3
=HTTPGetAction
host s 3
httpHeaders [{HTTPHeader} 5
path s 1
port x 2 !R
scheme s:URIScheme 4
=HTTPHeader
name s 1 !R
value s 2 !R
=HostAlias
hostnames [s 2
ip s 1 !R
=HostIP
ip s 1 !R
=HostPathVolumeSource
path s 1 !R
type s:HostPathType 2 *
=ISCSIPersistentVolumeSource
chapAuthDiscovery b 8
chapAuthSession b 11
fsType s 5
initiatorName s 12 *
iqn s 2 !R
iscsiInterface s 4 D="default"
lun i 3 !R
portals [s 7
readOnly b 6
secretRef {SecretReference} 10 *
targetPortal s 1 !R
=ISCSIVolumeSource
chapAuthDiscovery b 8
chapAuthSession b 11
fsType s 5
initiatorName s 12 *
iqn s 2 !R
iscsiInterface s 4 D="default"
lun i 3 !R
portals [s 7
readOnly b 6
secretRef {LocalObjectReference} 10 *
targetPortal s 1 !R
=ImageVolumeSource
pullPolicy s:PullPolicy 2
reference s 1
=ImageVolumeStatus
imageRef s 1 R
=KeyToPath
key s 1 !R
mode i 3 *
path s 2 !R
=Lifecycle
postStart {LifecycleHandler} 1 *
preStop {LifecycleHandler} 2 *
stopSignal s:Signal 3 *
=LifecycleHandler
exec {ExecAction} 1 *
httpGet {HTTPGetAction} 2 *
sleep {SleepAction} 4 *
tcpSocket {TCPSocketAction} 3 *
=LimitRange
apiVersion s 2
kind s 1
metadata {meta/v1.ObjectMeta} 1
spec {LimitRangeSpec} 2
=LimitRangeItem
default %q~ResourceList 4
defaultRequest %q~ResourceList 5
max %q~ResourceList 2
maxLimitRequestRatio %q~ResourceList 6
min %q~ResourceList 3
type s:LimitType 1 !R
=LimitRangeList
apiVersion s 2
items [{LimitRange} 2 !R
kind s 1
metadata {meta/v1.ListMeta} 1
=LimitRangeSpec
limits [{LimitRangeItem} 1 !R
=LinuxContainerUser
gid l 2 !R
supplementalGroups [l 3
uid l 1 !R
=LoadBalancerIngress
hostname s 2
ip s 1
ipMode s:LoadBalancerIPMode 3 *
ports [{PortStatus} 4
=LoadBalancerStatus
ingress [{LoadBalancerIngress} 1
=LocalObjectReference!
name s 1 D=""
=LocalVolumeSource
fsType s 2 *
path s 1 !R
=ModifyVolumeStatus
status s:PersistentVolumeClaimModifyVolumeStatus 2 !R
targetVolumeAttributesClassName s 1
=NFSVolumeSource
path s 2 !R
readOnly b 3
server s 1 !R
=Namespace
apiVersion s 2
kind s 1
metadata {meta/v1.ObjectMeta} 1
spec {NamespaceSpec} 2
status {NamespaceStatus} 3
=NamespaceCondition
lastTransitionTime t 4
message s 6
reason s 5
status s:ConditionStatus 2 !R
type s:NamespaceConditionType 1 !R
=NamespaceList
apiVersion s 2
items [{Namespace} 2 !R
kind s 1
metadata {meta/v1.ListMeta} 1
=NamespaceSpec
finalizers [s:FinalizerName 1
=NamespaceStatus
conditions [{NamespaceCondition} 2 p m=type K=type
phase s:NamespacePhase 1
=Node
apiVersion s 2
kind s 1
metadata {meta/v1.ObjectMeta} 1
spec {NodeSpec} 2
status {NodeStatus} 3
=NodeAddress
address s 2 !R
type s:NodeAddressType 1 !R
=NodeAffinity
preferredDuringSchedulingIgnoredDuringExecution [{PreferredSchedulingTerm} 2
requiredDuringSchedulingIgnoredDuringExecution {NodeSelector} 1 *
=NodeAllocatableResourceClaimStatus
containers [s 2 S
resourceClaimName s 1 !R
resources %q 3 !R
=NodeCondition
lastHeartbeatTime t 3
lastTransitionTime t 4
message s 6
reason s 5
status s:ConditionStatus 2 !R
type s:NodeConditionType 1 !R
=NodeConfigSource
configMap {ConfigMapNodeConfigSource} 2 *
=NodeConfigStatus
active {NodeConfigSource} 2 *
assigned {NodeConfigSource} 1 *
error s 4
lastKnownGood {NodeConfigSource} 3 *
=NodeDaemonEndpoints
kubeletEndpoint {DaemonEndpoint} 1
=NodeFeatures
supplementalGroupsPolicy b 1 *
=NodeList
apiVersion s 2
items [{Node} 2 !R
kind s 1
metadata {meta/v1.ListMeta} 1
=NodeProxyOptions
apiVersion s 2
kind s 1
path s 1
=NodeRuntimeHandler
features {NodeRuntimeHandlerFeatures} 2 *
name s 1 !
=NodeRuntimeHandlerFeatures
recursiveReadOnlyMounts b 1 *
userNamespaces b 2 *
=NodeSelector!
nodeSelectorTerms [{NodeSelectorTerm} 1 !R
=NodeSelectorRequirement
key s 1 !R
operator s:NodeSelectorOperator 2 !R
values [s 3
=NodeSelectorTerm!
matchExpressions [{NodeSelectorRequirement} 1
matchFields [{NodeSelectorRequirement} 2
=NodeSpec
configSource {NodeConfigSource} 6 *
externalID s 2
podCIDR s 1
podCIDRs [s 7 pS
providerID s 3
taints [{Taint} 5
unschedulable b 4
=NodeStatus
addresses [{NodeAddress} 5 p m=type K=type
allocatable %q~ResourceList 2
capacity %q~ResourceList 1
conditions [{NodeCondition} 4 p m=type K=type
config {NodeConfigStatus} 11 *
daemonEndpoints {NodeDaemonEndpoints} 6
declaredFeatures [s 14
features {NodeFeatures} 13 *
images [{ContainerImage} 8
nodeInfo {NodeSystemInfo} 7
phase s:NodePhase 3
runtimeHandlers [{NodeRuntimeHandler} 12
volumesAttached [{AttachedVolume} 10
volumesInUse [s:UniqueVolumeName 9
=NodeSwapStatus
capacity l 1 *
=NodeSystemInfo
architecture s 10 !R
bootID s 3 !R
containerRuntimeVersion s 6 !R
kernelVersion s 4 !R
kubeProxyVersion s 8 !R
kubeletVersion s 7 !R
machineID s 1 !R
operatingSystem s 9 !R
osImage s 5 !R
swap {NodeSwapStatus} 11 *
systemUUID s 2 !R
=ObjectFieldSelector!
apiVersion s 1
fieldPath s 2 !R
=ObjectReference!
apiVersion s 5
fieldPath s 7
kind s 1
name s 3
namespace s 2
resourceVersion s 6
uid s:types.UID 4
=PersistentVolume
apiVersion s 2
kind s 1
metadata {meta/v1.ObjectMeta} 1
spec {PersistentVolumeSpec} 2
status {PersistentVolumeStatus} 3
=PersistentVolumeClaim
apiVersion s 2
kind s 1
metadata {meta/v1.ObjectMeta} 1
spec {PersistentVolumeClaimSpec} 2
status {PersistentVolumeClaimStatus} 3
=PersistentVolumeClaimCondition
lastProbeTime t 3
lastTransitionTime t 4
message s 6
reason s 5
status s:ConditionStatus 2 !R
type s:PersistentVolumeClaimConditionType 1 !R
=PersistentVolumeClaimList
apiVersion s 2
items [{PersistentVolumeClaim} 2 !R
kind s 1
metadata {meta/v1.ListMeta} 1
=PersistentVolumeClaimSpec
accessModes [s:PersistentVolumeAccessMode 1
dataSource {TypedLocalObjectReference} 7 *
dataSourceRef {TypedObjectReference} 8 *
resources {VolumeResourceRequirements} 2
selector {meta/v1.LabelSelector} 4 *
storageClassName s 5 *
volumeAttributesClassName s 9 *
volumeMode s:PersistentVolumeMode 6 *
volumeName s 3
=PersistentVolumeClaimStatus
accessModes [s:PersistentVolumeAccessMode 2
allocatedResourceStatuses %s:ClaimResourceStatus 7
allocatedResources %q~ResourceList 5
capacity %q~ResourceList 3
conditions [{PersistentVolumeClaimCondition} 4 p m=type K=type
currentVolumeAttributesClassName s 8 *
modifyVolumeStatus {ModifyVolumeStatus} 9 *
phase s:PersistentVolumeClaimPhase 1
=PersistentVolumeClaimTemplate
metadata {meta/v1.ObjectMeta} 1
spec {PersistentVolumeClaimSpec} 2 !R
=PersistentVolumeClaimVolumeSource
claimName s 1 !R
readOnly b 2
=PersistentVolumeList
apiVersion s 2
items [{PersistentVolume} 2 !R
kind s 1
metadata {meta/v1.ListMeta} 1
=PersistentVolumeSource
awsElasticBlockStore {AWSElasticBlockStoreVolumeSource} 2 *
azureDisk {AzureDiskVolumeSource} 16 *
azureFile {AzureFilePersistentVolumeSource} 13 *
cephfs {CephFSPersistentVolumeSource} 9 *
cinder {CinderPersistentVolumeSource} 8 *
csi {CSIPersistentVolumeSource} 22 *
fc {FCVolumeSource} 10 *
flexVolume {FlexPersistentVolumeSource} 12 *
flocker {FlockerVolumeSource} 11 *
gcePersistentDisk {GCEPersistentDiskVolumeSource} 1 *
glusterfs {GlusterfsPersistentVolumeSource} 4 *
hostPath {HostPathVolumeSource} 3 *
iscsi {ISCSIPersistentVolumeSource} 7 *
local {LocalVolumeSource} 20 *
nfs {NFSVolumeSource} 5 *
photonPersistentDisk {PhotonPersistentDiskVolumeSource} 17 *
portworxVolume {PortworxVolumeSource} 18 *
quobyte {QuobyteVolumeSource} 15 *
rbd {RBDPersistentVolumeSource} 6 *
scaleIO {ScaleIOPersistentVolumeSource} 19 *
storageos {StorageOSPersistentVolumeSource} 21 *
vsphereVolume {VsphereVirtualDiskVolumeSource} 14 *
=PersistentVolumeSpec
accessModes [s:PersistentVolumeAccessMode 3
awsElasticBlockStore {AWSElasticBlockStoreVolumeSource} 2 *
azureDisk {AzureDiskVolumeSource} 16 *
azureFile {AzureFilePersistentVolumeSource} 13 *
capacity %q~ResourceList 1
cephfs {CephFSPersistentVolumeSource} 9 *
cinder {CinderPersistentVolumeSource} 8 *
claimRef {ObjectReference} 4 *
csi {CSIPersistentVolumeSource} 22 *
fc {FCVolumeSource} 10 *
flexVolume {FlexPersistentVolumeSource} 12 *
flocker {FlockerVolumeSource} 11 *
gcePersistentDisk {GCEPersistentDiskVolumeSource} 1 *
glusterfs {GlusterfsPersistentVolumeSource} 4 *
hostPath {HostPathVolumeSource} 3 *
iscsi {ISCSIPersistentVolumeSource} 7 *
local {LocalVolumeSource} 20 *
mountOptions [s 7
nfs {NFSVolumeSource} 5 *
nodeAffinity {VolumeNodeAffinity} 9 *
persistentVolumeReclaimPolicy s:PersistentVolumeReclaimPolicy 5
photonPersistentDisk {PhotonPersistentDiskVolumeSource} 17 *
portworxVolume {PortworxVolumeSource} 18 *
quobyte {QuobyteVolumeSource} 15 *
rbd {RBDPersistentVolumeSource} 6 *
scaleIO {ScaleIOPersistentVolumeSource} 19 *
storageClassName s 6
storageos {StorageOSPersistentVolumeSource} 21 *
volumeAttributesClassName s 10 *
volumeMode s:PersistentVolumeMode 8 *
vsphereVolume {VsphereVirtualDiskVolumeSource} 14 *
=PersistentVolumeStatus
lastPhaseTransitionTime t 4 *
message s 2
phase s:PersistentVolumePhase 1
reason s 3
=PhotonPersistentDiskVolumeSource
fsType s 2
pdID s 1 !R
=Pod
apiVersion s 2
kind s 1
metadata {meta/v1.ObjectMeta} 1
spec {PodSpec} 2
status {PodStatus} 3
=PodAffinity
preferredDuringSchedulingIgnoredDuringExecution [{WeightedPodAffinityTerm} 2
requiredDuringSchedulingIgnoredDuringExecution [{PodAffinityTerm} 1
=PodAffinityTerm
labelSelector {meta/v1.LabelSelector} 1 *
matchLabelKeys [s 5
mismatchLabelKeys [s 6
namespaceSelector {meta/v1.LabelSelector} 4 *
namespaces [s 2
topologyKey s 3 !R
=PodAntiAffinity
preferredDuringSchedulingIgnoredDuringExecution [{WeightedPodAffinityTerm} 2
requiredDuringSchedulingIgnoredDuringExecution [{PodAffinityTerm} 1
=PodAttachOptions
apiVersion s 2
container s 5
kind s 1
stderr b 3
stdin b 1
stdout b 2
tty b 4
=PodCertificateProjection
certificateChainPath s 6
credentialBundlePath s 4
keyPath s 5
keyType s 2 R
maxExpirationSeconds i 3 *
signerName s 1 R
userAnnotations %s 7
=PodCondition
lastProbeTime t 3
lastTransitionTime t 4
message s 6
observedGeneration l 7
reason s 5
status s:ConditionStatus 2 !R
type s:PodConditionType 1 !R
=PodDNSConfig
nameservers [s 1
options [{PodDNSConfigOption} 3
searches [s 2
=PodDNSConfigOption
name s 1
value s 2 *
=PodExecOptions
apiVersion s 2
command [s 6 !R
container s 5
kind s 1
stderr b 3
stdin b 1
stdout b 2
tty b 4
=PodExtendedResourceClaimStatus
requestMappings [{ContainerExtendedResourceRequest} 1 !R
resourceClaimName s 2 !R
=PodIP
ip s 1 !R
=PodList
apiVersion s 2
items [{Pod} 2 !R
kind s 1
metadata {meta/v1.ListMeta} 1
=PodLogOptions
apiVersion s 2
container s 1
follow b 2
insecureSkipTLSVerifyBackend b 9
kind s 1
limitBytes l 8 *
previous b 3
sinceSeconds l 4 *
sinceTime t 5 *
stream s 10 *
tailLines l 7 *
timestamps b 6
=PodOS
name s:OSName 1 !R
=PodPortForwardOptions
apiVersion s 2
kind s 1
ports [i 1
=PodProxyOptions
apiVersion s 2
kind s 1
path s 1
=PodReadinessGate
conditionType s:PodConditionType 1 !R
=PodResourceClaim
name s 1 !R
resourceClaimName s 3 *
resourceClaimTemplateName s 4 *
=PodResourceClaimStatus
name s 1 !R
resourceClaimName s 2 *
=PodSchedulingGate
name s 1 !R
=PodSchedulingGroup
podGroupName s 1 *
=PodSecurityContext
appArmorProfile {AppArmorProfile} 11 *
fsGroup l 5 *
fsGroupChangePolicy s:PodFSGroupChangePolicy 9 *
runAsGroup l 6 *
runAsNonRoot b 3 *
runAsUser l 2 *
seLinuxChangePolicy s:PodSELinuxChangePolicy 13 *
seLinuxOptions {SELinuxOptions} 1 *
seccompProfile {SeccompProfile} 10 *
supplementalGroups [l 4
supplementalGroupsPolicy s:SupplementalGroupsPolicy 12 *
sysctls [{Sysctl} 7
windowsOptions {WindowsSecurityContextOptions} 8 *
=PodSignature
podController {meta/v1.OwnerReference} 1 *
=PodSpec
activeDeadlineSeconds l 5 *
affinity {Affinity} 18 *
automountServiceAccountToken b 21 *
containers [{Container} 2 !Rp m=name K=name
dnsConfig {PodDNSConfig} 26 *
dnsPolicy s:DNSPolicy 6
enableServiceLinks b 30 *
ephemeralContainers [{EphemeralContainer} 34 p m=name K=name
hostAliases [{HostAlias} 23 p m=ip K=ip
hostIPC b 13
hostNetwork b 11
hostPID b 12
hostUsers b 37 *
hostname s 16
hostnameOverride s 41 *
imagePullSecrets [{LocalObjectReference} 15 p m=name K=name
initContainers [{Container} 20 p m=name K=name
nodeName s 10
nodeSelector %s 7 A
os {PodOS} 36 *
overhead %q~ResourceList 32
preemptionPolicy s:PreemptionPolicy 31 *
priority i 25 *
priorityClassName s 24
readinessGates [{PodReadinessGate} 28
resourceClaims [{PodResourceClaim} 39 pk m=name K=name
resources {ResourceRequirements} 40 *
restartPolicy s:RestartPolicy 3
runtimeClassName s 29 *
schedulerName s 19
schedulingGates [{PodSchedulingGate} 38 p m=name K=name
schedulingGroup {PodSchedulingGroup} 43 *
securityContext {PodSecurityContext} 14 *
serviceAccount s 9
serviceAccountName s 8
setHostnameAsFQDN b 35 *
shareProcessNamespace b 27 *
subdomain s 17
terminationGracePeriodSeconds l 4 *
tolerations [{Toleration} 22
topologySpreadConstraints [{TopologySpreadConstraint} 33 p m=topologyKey,whenUnsatisfiable K=topologyKey
volumes [{Volume} 1 pk m=name K=name
=PodStatus
allocatedResources %q~ResourceList 19
conditions [{PodCondition} 2 p m=type K=type
containerStatuses [{ContainerStatus} 8
ephemeralContainerStatuses [{ContainerStatus} 13
extendedResourceClaimStatus {PodExtendedResourceClaimStatus} 18 *
hostIP s 5
hostIPs [{HostIP} 16 p K=ip
initContainerStatuses [{ContainerStatus} 10
message s 3
nodeAllocatableResourceClaimStatuses [{NodeAllocatableResourceClaimStatus} 21
nominatedNodeName s 11
observedGeneration l 17
phase s:PodPhase 1
podIP s 6
podIPs [{PodIP} 12 p m=ip K=ip
qosClass s:PodQOSClass 9
reason s 4
resize s:PodResizeStatus 14
resourceClaimStatuses [{PodResourceClaimStatus} 15 pk m=name K=name
resources {ResourceRequirements} 20 *
startTime t 7 *
=PodStatusResult
apiVersion s 2
kind s 1
metadata {meta/v1.ObjectMeta} 1
status {PodStatus} 2
=PodTemplate
apiVersion s 2
kind s 1
metadata {meta/v1.ObjectMeta} 1
template {PodTemplateSpec} 2
=PodTemplateList
apiVersion s 2
items [{PodTemplate} 2 !R
kind s 1
metadata {meta/v1.ListMeta} 1
=PodTemplateSpec
metadata {meta/v1.ObjectMeta} 1
spec {PodSpec} 2
=PortStatus
error s 3 *
port i 1 !R
protocol s:Protocol 2 !R
=PortworxVolumeSource
fsType s 2
readOnly b 3
volumeID s 1 !R
=Preconditions
uid s:types.UID 1 *
=PreferAvoidPodsEntry
evictionTime t 2
message s 4
podSignature {PodSignature} 1 !R
reason s 3
=PreferredSchedulingTerm
preference {NodeSelectorTerm} 2 !R
weight i 1 !R
=Probe
exec {ExecAction} 1 *
failureThreshold i 6
grpc {GRPCAction} 4 *
httpGet {HTTPGetAction} 2 *
initialDelaySeconds i 2
periodSeconds i 4
successThreshold i 5
tcpSocket {TCPSocketAction} 3 *
terminationGracePeriodSeconds l 7 *
timeoutSeconds i 3
=ProbeHandler
exec {ExecAction} 1 *
grpc {GRPCAction} 4 *
httpGet {HTTPGetAction} 2 *
tcpSocket {TCPSocketAction} 3 *
=ProjectedVolumeSource
defaultMode i 2 *
sources [{VolumeProjection} 1 !
=QuobyteVolumeSource
group s 5
readOnly b 3
registry s 1 !R
tenant s 6
user s 4
volume s 2 !R
=RBDPersistentVolumeSource
fsType s 3
image s 2 !R
keyring s 6 D="/etc/ceph/keyring"
monitors [s 1 !R
pool s 4 D="rbd"
readOnly b 8
secretRef {SecretReference} 7 *
user s 5 D="admin"
=RBDVolumeSource
fsType s 3
image s 2 !R
keyring s 6 D="/etc/ceph/keyring"
monitors [s 1 !R
pool s 4 D="rbd"
readOnly b 8
secretRef {LocalObjectReference} 7 *
user s 5 D="admin"
=RangeAllocation
apiVersion s 2
data y 3 !R
kind s 1
metadata {meta/v1.ObjectMeta} 1
range s 2 !R
=ReplicationController
apiVersion s 2
kind s 1
metadata {meta/v1.ObjectMeta} 1
spec {ReplicationControllerSpec} 2
status {ReplicationControllerStatus} 3
=ReplicationControllerCondition
lastTransitionTime t 3
message s 5
reason s 4
status s:ConditionStatus 2 !R
type s:ReplicationControllerConditionType 1 !R
=ReplicationControllerList
apiVersion s 2
items [{ReplicationController} 2 !R
kind s 1
metadata {meta/v1.ListMeta} 1
=ReplicationControllerSpec
minReadySeconds i 4 D=0
replicas i 1 * D=1
selector %s 2 A
template {PodTemplateSpec} 3 *
=ReplicationControllerStatus
availableReplicas i 5
conditions [{ReplicationControllerCondition} 6 p m=type K=type
fullyLabeledReplicas i 2
observedGeneration l 3
readyReplicas i 4
replicas i 1 !R
=ResourceClaim
name s 1 !R
request s 2
=ResourceFieldSelector!
containerName s 1
divisor q 3
resource s 2 !R
=ResourceHealth
health s:ResourceHealthStatus 2
message s 6 *
resourceID s:ResourceID 1 !R
=ResourceQuota
apiVersion s 2
kind s 1
metadata {meta/v1.ObjectMeta} 1
spec {ResourceQuotaSpec} 2
status {ResourceQuotaStatus} 3
=ResourceQuotaList
apiVersion s 2
items [{ResourceQuota} 2 !R
kind s 1
metadata {meta/v1.ListMeta} 1
=ResourceQuotaSpec
hard %q~ResourceList 1
scopeSelector {ScopeSelector} 3 *
scopes [s:ResourceQuotaScope 2
=ResourceQuotaStatus
hard %q~ResourceList 1
used %q~ResourceList 2
=ResourceRequirements
claims [{ResourceClaim} 3 m=name
limits %q~ResourceList 1
requests %q~ResourceList 2
=ResourceStatus
name s:ResourceName 1 !R
resources [{ResourceHealth} 2 m=resourceID
=SELinuxOptions
level s 4
role s 2
type s 3
user s 1
=ScaleIOPersistentVolumeSource
fsType s 9 D="xfs"
gateway s 1 !R
protectionDomain s 5
readOnly b 10
secretRef {SecretReference} 3 *!R
sslEnabled b 4
storageMode s 7 D="ThinProvisioned"
storagePool s 6
system s 2 !R
volumeName s 8
=ScaleIOVolumeSource
fsType s 9 D="xfs"
gateway s 1 !R
protectionDomain s 5
readOnly b 10
secretRef {LocalObjectReference} 3 *!R
sslEnabled b 4
storageMode s 7 D="ThinProvisioned"
storagePool s 6
system s 2 !R
volumeName s 8
=ScopeSelector!
matchExpressions [{ScopedResourceSelectorRequirement} 1
=ScopedResourceSelectorRequirement!
operator s:ScopeSelectorOperator 2 !R
scopeName s:ResourceQuotaScope 1 !R
values [s 3
=SeccompProfile
localhostProfile s 2 *
type s:SeccompProfileType 1 !R
=Secret
apiVersion s 2
data %y 2
immutable b 5 *
kind s 1
metadata {meta/v1.ObjectMeta} 1
stringData %s 4
type s:SecretType 3
=SecretEnvSource
name s 1 D=""
optional b 2 *
=SecretKeySelector!
key s 2 !R
name s 1 D=""
optional b 3 *
=SecretList
apiVersion s 2
items [{Secret} 2 !R
kind s 1
metadata {meta/v1.ListMeta} 1
=SecretProjection
items [{KeyToPath} 2
name s 1 D=""
optional b 4 *
=SecretReference!
name s 1
namespace s 2
=SecretVolumeSource
defaultMode i 3 *
items [{KeyToPath} 2
optional b 4 *
secretName s 1
=SecurityContext
allowPrivilegeEscalation b 7 *
appArmorProfile {AppArmorProfile} 12 *
capabilities {Capabilities} 1 *
privileged b 2 *
procMount s:ProcMountType 9 *
readOnlyRootFilesystem b 6 *
runAsGroup l 8 *
runAsNonRoot b 5 *
runAsUser l 4 *
seLinuxOptions {SELinuxOptions} 3 *
seccompProfile {SeccompProfile} 11 *
windowsOptions {WindowsSecurityContextOptions} 10 *
=SerializedReference
apiVersion s 2
kind s 1
reference {ObjectReference} 1
=Service
apiVersion s 2
kind s 1
metadata {meta/v1.ObjectMeta} 1
spec {ServiceSpec} 2
status {ServiceStatus} 3
=ServiceAccount
apiVersion s 2
automountServiceAccountToken b 4 *
imagePullSecrets [{LocalObjectReference} 3
kind s 1
metadata {meta/v1.ObjectMeta} 1
secrets [{ObjectReference} 2 p m=name K=name
=ServiceAccountList
apiVersion s 2
items [{ServiceAccount} 2 !R
kind s 1
metadata {meta/v1.ListMeta} 1
=ServiceAccountTokenProjection
audience s 1
expirationSeconds l 2 *
path s 3 !R
=ServiceList
apiVersion s 2
items [{Service} 2 !R
kind s 1
metadata {meta/v1.ListMeta} 1
=ServicePort
appProtocol s 6 *
name s 1
nodePort i 5
port i 3 !R
protocol s:Protocol 2 D="TCP"
targetPort x 4
=ServiceProxyOptions
apiVersion s 2
kind s 1
path s 1
=ServiceSpec
allocateLoadBalancerNodePorts b 20 *
clusterIP s 3
clusterIPs [s 18
externalIPs [s 5
externalName s 10
externalTrafficPolicy s:ServiceExternalTrafficPolicy 11
healthCheckNodePort i 12
internalTrafficPolicy s:ServiceInternalTrafficPolicy 22 *
ipFamilies [s:IPFamily 19
ipFamilyPolicy s:IPFamilyPolicy 17 *
loadBalancerClass s 21 *
loadBalancerIP s 8
loadBalancerSourceRanges [s 9
ports [{ServicePort} 1 p m=port,protocol K=port
publishNotReadyAddresses b 13
selector %s 2 A
sessionAffinity s:ServiceAffinity 7
sessionAffinityConfig {SessionAffinityConfig} 14 *
trafficDistribution s 23 *
type s:ServiceType 4
=ServiceStatus
conditions [{meta/v1.Condition} 2 p m=type K=type
loadBalancer {LoadBalancerStatus} 1
=SessionAffinityConfig
clientIP {ClientIPConfig} 1 *
=SleepAction
seconds l 1 !R
=StorageOSPersistentVolumeSource
fsType s 3
readOnly b 4
secretRef {ObjectReference} 5 *
volumeName s 1
volumeNamespace s 2
=StorageOSVolumeSource
fsType s 3
readOnly b 4
secretRef {LocalObjectReference} 5 *
volumeName s 1
volumeNamespace s 2
=Sysctl
name s 1 !R
value s 2 !R
=TCPSocketAction
host s 2
port x 1 !R
=Taint
effect s:TaintEffect 3 !R
key s 1 !R
timeAdded t 4 *
value s 2
=Toleration
effect s:TaintEffect 4
key s 1
operator s:TolerationOperator 2
tolerationSeconds l 5 *
value s 3
=TopologySelectorLabelRequirement
key s 1 !R
values [s 2 !R
=TopologySelectorTerm!
matchLabelExpressions [{TopologySelectorLabelRequirement} 1
=TopologySpreadConstraint
labelSelector {meta/v1.LabelSelector} 4 *
matchLabelKeys [s 8
maxSkew i 1 !R
minDomains i 5 *
nodeAffinityPolicy s:NodeInclusionPolicy 6 *
nodeTaintsPolicy s:NodeInclusionPolicy 7 *
topologyKey s 2 !R
whenUnsatisfiable s:UnsatisfiableConstraintAction 3 !R
=TypedLocalObjectReference!
apiGroup s 1 *!
kind s 2 !R
name s 3 !R
=TypedObjectReference
apiGroup s 1 *!
kind s 2 !R
name s 3 !R
namespace s 4 *
=Volume
awsElasticBlockStore {AWSElasticBlockStoreVolumeSource} 4 *
azureDisk {AzureDiskVolumeSource} 22 *
azureFile {AzureFileVolumeSource} 18 *
cephfs {CephFSVolumeSource} 14 *
cinder {CinderVolumeSource} 13 *
configMap {ConfigMapVolumeSource} 19 *
csi {CSIVolumeSource} 28 *
downwardAPI {DownwardAPIVolumeSource} 16 *
emptyDir {EmptyDirVolumeSource} 2 *
ephemeral {EphemeralVolumeSource} 29 *
fc {FCVolumeSource} 17 *
flexVolume {FlexVolumeSource} 12 *
flocker {FlockerVolumeSource} 15 *
gcePersistentDisk {GCEPersistentDiskVolumeSource} 3 *
gitRepo {GitRepoVolumeSource} 5 *
glusterfs {GlusterfsVolumeSource} 9 *
hostPath {HostPathVolumeSource} 1 *
image {ImageVolumeSource} 30 *
iscsi {ISCSIVolumeSource} 8 *
name s 1 !R
nfs {NFSVolumeSource} 7 *
persistentVolumeClaim {PersistentVolumeClaimVolumeSource} 10 *
photonPersistentDisk {PhotonPersistentDiskVolumeSource} 23 *
portworxVolume {PortworxVolumeSource} 24 *
projected {ProjectedVolumeSource} 26 *
quobyte {QuobyteVolumeSource} 21 *
rbd {RBDVolumeSource} 11 *
scaleIO {ScaleIOVolumeSource} 25 *
secret {SecretVolumeSource} 6 *
storageos {StorageOSVolumeSource} 27 *
vsphereVolume {VsphereVirtualDiskVolumeSource} 20 *
=VolumeDevice
devicePath s 2 !R
name s 1 !R
=VolumeMount
mountPath s 3 !R
mountPropagation s:MountPropagationMode 5 *
name s 1 !R
readOnly b 2
recursiveReadOnly s:RecursiveReadOnlyMode 7 *
subPath s 4
subPathExpr s 6
=VolumeMountStatus
mountPath s 2 !R
name s 1 !R
readOnly b 3
recursiveReadOnly s:RecursiveReadOnlyMode 4 *
volumeStatus {VolumeStatus} 5 *
=VolumeNodeAffinity
required {NodeSelector} 1 *
=VolumeProjection
clusterTrustBundle {ClusterTrustBundleProjection} 5 *
configMap {ConfigMapProjection} 3 *
downwardAPI {DownwardAPIProjection} 2 *
podCertificate {PodCertificateProjection} 6 *
secret {SecretProjection} 1 *
serviceAccountToken {ServiceAccountTokenProjection} 4 *
=VolumeResourceRequirements
limits %q~ResourceList 1
requests %q~ResourceList 2
=VolumeSource
awsElasticBlockStore {AWSElasticBlockStoreVolumeSource} 4 *
azureDisk {AzureDiskVolumeSource} 22 *
azureFile {AzureFileVolumeSource} 18 *
cephfs {CephFSVolumeSource} 14 *
cinder {CinderVolumeSource} 13 *
configMap {ConfigMapVolumeSource} 19 *
csi {CSIVolumeSource} 28 *
downwardAPI {DownwardAPIVolumeSource} 16 *
emptyDir {EmptyDirVolumeSource} 2 *
ephemeral {EphemeralVolumeSource} 29 *
fc {FCVolumeSource} 17 *
flexVolume {FlexVolumeSource} 12 *
flocker {FlockerVolumeSource} 15 *
gcePersistentDisk {GCEPersistentDiskVolumeSource} 3 *
gitRepo {GitRepoVolumeSource} 5 *
glusterfs {GlusterfsVolumeSource} 9 *
hostPath {HostPathVolumeSource} 1 *
image {ImageVolumeSource} 30 *
iscsi {ISCSIVolumeSource} 8 *
nfs {NFSVolumeSource} 7 *
persistentVolumeClaim {PersistentVolumeClaimVolumeSource} 10 *
photonPersistentDisk {PhotonPersistentDiskVolumeSource} 23 *
portworxVolume {PortworxVolumeSource} 24 *
projected {ProjectedVolumeSource} 26 *
quobyte {QuobyteVolumeSource} 21 *
rbd {RBDVolumeSource} 11 *
scaleIO {ScaleIOVolumeSource} 25 *
secret {SecretVolumeSource} 6 *
storageos {StorageOSVolumeSource} 27 *
vsphereVolume {VsphereVirtualDiskVolumeSource} 20 *
=VolumeStatus
image {ImageVolumeStatus} 1 *
=VsphereVirtualDiskVolumeSource
fsType s 2
storagePolicyID s 4
storagePolicyName s 3
volumePath s 1 !R
=WeightedPodAffinityTerm
podAffinityTerm {PodAffinityTerm} 2 !R
weight i 1 !R
=WindowsSecurityContextOptions
gmsaCredentialSpec s 2 *
gmsaCredentialSpecName s 1 *
hostProcess b 4 *
runAsUserName s 3 *
@discovery/v1
=Endpoint
addresses [s 1 !RS
conditions {EndpointConditions} 2
deprecatedTopology %s 5
hints {EndpointHints} 8 *
hostname s 3 *
nodeName s 6 *
targetRef {core/v1.ObjectReference} 4 *
zone s 7 *
=EndpointConditions
ready b 1 *
serving b 2 *
terminating b 3 *
=EndpointHints
forNodes [{ForNode} 2
forZones [{ForZone} 1
=EndpointPort!
appProtocol s 4 *
name s 1 *
port i 3 *
protocol s:core/v1.Protocol 2 *
=EndpointSlice
addressType s:AddressType 4 !R
apiVersion s 2
endpoints [{Endpoint} 2 !
kind s 1
metadata {meta/v1.ObjectMeta} 1
ports [{EndpointPort} 3 !
=EndpointSliceList
apiVersion s 2
items [{EndpointSlice} 2 !R
kind s 1
metadata {meta/v1.ListMeta} 1
=ForNode
name s 1 !R
=ForZone
name s 1 !R
@events/v1
=Event
action s 6
apiVersion s 2
deprecatedCount i 15
deprecatedFirstTimestamp t 13
deprecatedLastTimestamp t 14
deprecatedSource {core/v1.EventSource} 12
eventTime u 2 !R
kind s 1
metadata {meta/v1.ObjectMeta} 1 !
note s 10
reason s 7
regarding {core/v1.ObjectReference} 8
related {core/v1.ObjectReference} 9 *
reportingController s 4
reportingInstance s 5
series {EventSeries} 3 *
type s 11
=EventList
apiVersion s 2
items [{Event} 2 !R
kind s 1
metadata {meta/v1.ListMeta} 1
=EventSeries
count i 1 !R
lastObservedTime u 2 !R
@flowcontrol/v1
=ExemptPriorityLevelConfiguration
lendablePercent i 2 *
nominalConcurrencyShares i 1 *
=FlowDistinguisherMethod
type s:FlowDistinguisherMethodType 1 !R
=FlowSchema
apiVersion s 2
kind s 1
metadata {meta/v1.ObjectMeta} 1
spec {FlowSchemaSpec} 2
status {FlowSchemaStatus} 3
=FlowSchemaCondition
lastTransitionTime t 3
message s 5
reason s 4
status s:ConditionStatus 2
type s:FlowSchemaConditionType 1
=FlowSchemaList
apiVersion s 2
items [{FlowSchema} 2 !R
kind s 1
metadata {meta/v1.ListMeta} 1
=FlowSchemaSpec
distinguisherMethod {FlowDistinguisherMethod} 3 *
matchingPrecedence i 2 !
priorityLevelConfiguration {PriorityLevelConfigurationReference} 1 !R
rules [{PolicyRulesWithSubjects} 4
=FlowSchemaStatus
conditions [{FlowSchemaCondition} 1 p m=type K=type
=GroupSubject
name s 1 !R
=LimitResponse
queuing {QueuingConfiguration} 2 *
type s:LimitResponseType 1 !R
=LimitedPriorityLevelConfiguration
borrowingLimitPercent i 4 *
lendablePercent i 3 *
limitResponse {LimitResponse} 2
nominalConcurrencyShares i 1 *!
=NonResourcePolicyRule
nonResourceURLs [s 6 !RS
verbs [s 1 !RS
=PolicyRulesWithSubjects
nonResourceRules [{NonResourcePolicyRule} 3
resourceRules [{ResourcePolicyRule} 2
subjects [{Subject} 1 !R
=PriorityLevelConfiguration
apiVersion s 2
kind s 1
metadata {meta/v1.ObjectMeta} 1
spec {PriorityLevelConfigurationSpec} 2
status {PriorityLevelConfigurationStatus} 3
=PriorityLevelConfigurationCondition
lastTransitionTime t 3
message s 5
reason s 4
status s:ConditionStatus 2
type s:PriorityLevelConfigurationConditionType 1
=PriorityLevelConfigurationList
apiVersion s 2
items [{PriorityLevelConfiguration} 2 !R
kind s 1
metadata {meta/v1.ListMeta} 1
=PriorityLevelConfigurationReference
name s 1 !R
=PriorityLevelConfigurationSpec
exempt {ExemptPriorityLevelConfiguration} 3 *
limited {LimitedPriorityLevelConfiguration} 2 *
type s:PriorityLevelEnablement 1 !R
=PriorityLevelConfigurationStatus
conditions [{PriorityLevelConfigurationCondition} 1 p m=type K=type
=QueuingConfiguration
handSize i 2 !
queueLengthLimit i 3 !
queues i 1 !
=ResourcePolicyRule
apiGroups [s 2 !RS
clusterScope b 4
namespaces [s 5 !S
resources [s 3 !RS
verbs [s 1 !RS
=ServiceAccountSubject
name s 2 !R
namespace s 1 !R
=Subject
group {GroupSubject} 3 *
kind s:SubjectKind 1 !R
serviceAccount {ServiceAccountSubject} 4 *
user {UserSubject} 2 *
=UserSubject
name s 1 !R
@meta/v1
=APIGroup
apiVersion s 2
kind s 1
name s 1 !R
preferredVersion {GroupVersionForDiscovery} 3
serverAddressByClientCIDRs [{ServerAddressByClientCIDR} 4
versions [{GroupVersionForDiscovery} 2 !R
=APIGroupList
apiVersion s 2
groups [{APIGroup} 1 !R
kind s 1
=APIResource
categories [s 7
group s 8
kind s 3 !R
name s 1 !R
namespaced b 2 !R
shortNames [s 5
singularName s 6 !R
storageVersionHash s 10
verbs [s~Verbs 4 !R
version s 9
=APIResourceList
apiVersion s 2
groupVersion s 1 !R
kind s 1
resources [{APIResource} 2 !R
=APIVersions
apiVersion s 2
kind s 1
serverAddressByClientCIDRs [{ServerAddressByClientCIDR} 2 !R
versions [s 1 !R
=ApplyOptions
apiVersion s 2
dryRun [s 1
fieldManager s 3 !R
force b 2 !R
kind s 1
=Condition
lastTransitionTime t 4 !R
message s 6 !R
observedGeneration l 3
reason s 5 !R
status s:ConditionStatus 2 !R
type s 1 !R
=CreateOptions
apiVersion s 2
dryRun [s 1
fieldManager s 3
fieldValidation s 4
kind s 1
=DeleteOptions
apiVersion s 2
dryRun [s 5
gracePeriodSeconds l 1 *
ignoreStoreReadErrorWithClusterBreakingPotential b 6 *
kind s 1
orphanDependents b 3 *
preconditions {Preconditions} 2 *
propagationPolicy s:DeletionPropagation 4 *
=FieldSelectorRequirement
key s 1 !R
operator s:FieldSelectorOperator 2 !R
values [s 3
=GetOptions
apiVersion s 2
kind s 1
resourceVersion s 1
=GroupVersionForDiscovery
groupVersion s 1 !R
version s 2 !R
=GroupVersionKind
group s 1 !R
kind s 3 !R
version s 2 !R
=GroupVersionResource
group s 1 !R
resource s 3 !R
version s 2 !R
=LabelSelector!
matchExpressions [{LabelSelectorRequirement} 2
matchLabels %s 1
=LabelSelectorRequirement
key s 1 !R
operator s:LabelSelectorOperator 2 !R
values [s 3
=List
apiVersion s 2
items [r 2 !R
kind s 1
metadata {ListMeta} 1
=ListMeta
continue s 3
remainingItemCount l 4 *
resourceVersion s 2
selfLink s 1
shardInfo {ShardInfo} 5 *
=ListOptions
allowWatchBookmarks b 9
apiVersion s 2
continue s 8
fieldSelector s 2
kind s 1
labelSelector s 1
limit l 7
resourceVersion s 4
resourceVersionMatch s:ResourceVersionMatch 10
sendInitialEvents b 11 *
shardSelector s 15
timeoutSeconds l 5 *
watch b 3
=ManagedFieldsEntry
apiVersion s 3
fieldsType s 6
fieldsV1 r 7 *
manager s 1
operation s:ManagedFieldsOperationType 2
subresource s 8
time t 4 *
=ObjectMeta
annotations %s 12
creationTimestamp t 8 *
deletionGracePeriodSeconds l 10 *
deletionTimestamp t 9 *
finalizers [s 14 pS
generateName s 2
generation l 7
labels %s 11
managedFields [{ManagedFieldsEntry} 17
name s 1
namespace s 3
ownerReferences [{OwnerReference} 13 p m=uid K=uid
resourceVersion s 6
selfLink s 4
uid s:types.UID 5
=OwnerReference!
apiVersion s 5 !R
blockOwnerDeletion b 7 *
controller b 6 *
kind s 1 !R
name s 3 !R
uid s:types.UID 4 !R
=PartialObjectMetadata
apiVersion s 2
kind s 1
metadata {ObjectMeta} 1
=PartialObjectMetadataList
apiVersion s 2
items [{PartialObjectMetadata} 2 !R
kind s 1
metadata {ListMeta} 1
=PatchOptions
apiVersion s 2
dryRun [s 1
fieldManager s 3
fieldValidation s 4
force b 2 *
kind s 1
=Preconditions
resourceVersion s 2 *
uid s:types.UID 1 *
=RootPaths
paths [s 1 !R
=ServerAddressByClientCIDR
clientCIDR s 1 !R
serverAddress s 2 !R
=ShardInfo
selector s 1 !R
=Status
apiVersion s 2
code i 6
details {StatusDetails} 5 *
kind s 1
message s 3
metadata {ListMeta} 1
reason s:StatusReason 4
status s 2
=StatusCause
field s 3
message s 2
reason s:CauseType 1
=StatusDetails
causes [{StatusCause} 4
group s 2
kind s 3
name s 1
retryAfterSeconds i 5
uid s:types.UID 6
=Table
apiVersion s 2
columnDefinitions [{TableColumnDefinition} 0 !R
kind s 1
metadata {ListMeta} 0
rows [{TableRow} 0 !R
=TableColumnDefinition
description s 0 !R
format s 0 !R
name s 0 !R
priority i 0 !R
type s 0 !R
=TableOptions
apiVersion s 2
includeObject s:IncludeObjectPolicy 1
kind s 1
=TableRow
cells [a 0 !R
conditions [{TableRowCondition} 0
object r 0
=TableRowCondition
message s 0
reason s 0
status s:ConditionStatus 0 !R
type s:RowConditionType 0 !R
=TypeMeta
apiVersion s 2
kind s 1
=UpdateOptions
apiVersion s 2
dryRun [s 1
fieldManager s 2
fieldValidation s 3
kind s 1
=WatchEvent
object r 2 !R
type s 1 !R
@metrics/v1beta1
=ContainerMetrics
name s 1 !R
usage %q~core/v1.ResourceList 2 !R
=NodeMetrics
apiVersion s 2
kind s 1
metadata {meta/v1.ObjectMeta} 1
timestamp t 2 !R
usage %q~core/v1.ResourceList 4 !R
window d 3 !R
=NodeMetricsList
apiVersion s 2
items [{NodeMetrics} 2 !R
kind s 1
metadata {meta/v1.ListMeta} 1
=PodMetrics
apiVersion s 2
containers [{ContainerMetrics} 4 !R
kind s 1
metadata {meta/v1.ObjectMeta} 1
timestamp t 2 !R
window d 3 !R
=PodMetricsList
apiVersion s 2
items [{PodMetrics} 2 !R
kind s 1
metadata {meta/v1.ListMeta} 1
@networking/v1
=HTTPIngressPath
backend {IngressBackend} 2 !R
path s 1
pathType s:PathType 3 *!R
=HTTPIngressRuleValue
paths [{HTTPIngressPath} 1 !R
=IPAddress
apiVersion s 2
kind s 1
metadata {meta/v1.ObjectMeta} 1
spec {IPAddressSpec} 2 R
=IPAddressList
apiVersion s 2
items [{IPAddress} 2 !R
kind s 1
metadata {meta/v1.ListMeta} 1
=IPAddressSpec
parentRef {ParentReference} 1 *R
=IPBlock
cidr s 1 !R
except [s 2
=Ingress
apiVersion s 2
kind s 1
metadata {meta/v1.ObjectMeta} 1
spec {IngressSpec} 2
status {IngressStatus} 3
=IngressBackend
resource {core/v1.TypedLocalObjectReference} 3 *
service {IngressServiceBackend} 4 *
=IngressClass
apiVersion s 2
kind s 1
metadata {meta/v1.ObjectMeta} 1
spec {IngressClassSpec} 2
=IngressClassList
apiVersion s 2
items [{IngressClass} 2 !R
kind s 1
metadata {meta/v1.ListMeta} 1
=IngressClassParametersReference
apiGroup s 1 *
kind s 2 !R
name s 3 !R
namespace s 5 *
scope s 4 *!
=IngressClassSpec
controller s 1
parameters {IngressClassParametersReference} 2 *
=IngressList
apiVersion s 2
items [{Ingress} 2 !R
kind s 1
metadata {meta/v1.ListMeta} 1
=IngressLoadBalancerIngress
hostname s 2
ip s 1
ports [{IngressPortStatus} 4
=IngressLoadBalancerStatus
ingress [{IngressLoadBalancerIngress} 1
=IngressPortStatus
error s 3 *
port i 1 !R
protocol s:core/v1.Protocol 2 !R
=IngressRule
host s 1
http {HTTPIngressRuleValue} 1 *
=IngressRuleValue
http {HTTPIngressRuleValue} 1 *
=IngressServiceBackend
name s 1 !R
port {ServiceBackendPort} 2
=IngressSpec
defaultBackend {IngressBackend} 1 *
ingressClassName s 4 *
rules [{IngressRule} 3
tls [{IngressTLS} 2
=IngressStatus
loadBalancer {IngressLoadBalancerStatus} 1
=IngressTLS
hosts [s 1
secretName s 2
=NetworkPolicy
apiVersion s 2
kind s 1
metadata {meta/v1.ObjectMeta} 1
spec {NetworkPolicySpec} 2
=NetworkPolicyEgressRule
ports [{NetworkPolicyPort} 1
to [{NetworkPolicyPeer} 2
=NetworkPolicyIngressRule
from [{NetworkPolicyPeer} 2
ports [{NetworkPolicyPort} 1
=NetworkPolicyList
apiVersion s 2
items [{NetworkPolicy} 2 !R
kind s 1
metadata {meta/v1.ListMeta} 1
=NetworkPolicyPeer
ipBlock {IPBlock} 3 *
namespaceSelector {meta/v1.LabelSelector} 2 *
podSelector {meta/v1.LabelSelector} 1 *
=NetworkPolicyPort
endPort i 3 *
port x 2 *
protocol s:core/v1.Protocol 1 *
=NetworkPolicySpec
egress [{NetworkPolicyEgressRule} 3
ingress [{NetworkPolicyIngressRule} 2
podSelector {meta/v1.LabelSelector} 1 !
policyTypes [s:PolicyType 4
=ParentReference
group s 1
name s 4 R
namespace s 3
resource s 2 R
=ServiceBackendPort!
name s 1
number i 2
=ServiceCIDR
apiVersion s 2
kind s 1
metadata {meta/v1.ObjectMeta} 1
spec {ServiceCIDRSpec} 2
status {ServiceCIDRStatus} 3
=ServiceCIDRList
apiVersion s 2
items [{ServiceCIDR} 2 !R
kind s 1
metadata {meta/v1.ListMeta} 1
=ServiceCIDRSpec
cidrs [s 1
=ServiceCIDRStatus
conditions [{meta/v1.Condition} 1 p m=type K=type
@node/v1
=Overhead
podFixed %q~core/v1.ResourceList 1
=RuntimeClass
apiVersion s 2
handler s 2 !R
kind s 1
metadata {meta/v1.ObjectMeta} 1
overhead {Overhead} 3 *
scheduling {Scheduling} 4 *
=RuntimeClassList
apiVersion s 2
items [{RuntimeClass} 2 !R
kind s 1
metadata {meta/v1.ListMeta} 1
=Scheduling
nodeSelector %s 1 A
tolerations [{core/v1.Toleration} 2
@policy/v1
=Eviction
apiVersion s 2
deleteOptions {meta/v1.DeleteOptions} 2 *
kind s 1
metadata {meta/v1.ObjectMeta} 1
=PodDisruptionBudget
apiVersion s 2
kind s 1
metadata {meta/v1.ObjectMeta} 1
spec {PodDisruptionBudgetSpec} 2
status {PodDisruptionBudgetStatus} 3
=PodDisruptionBudgetList
apiVersion s 2
items [{PodDisruptionBudget} 2 !R
kind s 1
metadata {meta/v1.ListMeta} 1
=PodDisruptionBudgetSpec
maxUnavailable x 3 *
minAvailable x 1 *
selector {meta/v1.LabelSelector} 2 *r
unhealthyPodEvictionPolicy s:UnhealthyPodEvictionPolicyType 4 *
=PodDisruptionBudgetStatus
conditions [{meta/v1.Condition} 7 p m=type K=type
currentHealthy i 4 !
desiredHealthy i 5 !
disruptedPods %t 2
disruptionsAllowed i 3 !
expectedPods i 6 !
observedGeneration l 1
@rbac/v1
=AggregationRule
clusterRoleSelectors [{meta/v1.LabelSelector} 1
=ClusterRole
aggregationRule {AggregationRule} 3 *
apiVersion s 2
kind s 1
metadata {meta/v1.ObjectMeta} 1
rules [{PolicyRule} 2 !
=ClusterRoleBinding
apiVersion s 2
kind s 1
metadata {meta/v1.ObjectMeta} 1
roleRef {RoleRef} 3 !R
subjects [{Subject} 2
=ClusterRoleBindingList
apiVersion s 2
items [{ClusterRoleBinding} 2 !R
kind s 1
metadata {meta/v1.ListMeta} 1
=ClusterRoleList
apiVersion s 2
items [{ClusterRole} 2 !R
kind s 1
metadata {meta/v1.ListMeta} 1
=PolicyRule
apiGroups [s 2
nonResourceURLs [s 5
resourceNames [s 4
resources [s 3
verbs [s 1 !R
=Role
apiVersion s 2
kind s 1
metadata {meta/v1.ObjectMeta} 1
rules [{PolicyRule} 2 !
=RoleBinding
apiVersion s 2
kind s 1
metadata {meta/v1.ObjectMeta} 1
roleRef {RoleRef} 3 !R
subjects [{Subject} 2
=RoleBindingList
apiVersion s 2
items [{RoleBinding} 2 !R
kind s 1
metadata {meta/v1.ListMeta} 1
=RoleList
apiVersion s 2
items [{Role} 2 !R
kind s 1
metadata {meta/v1.ListMeta} 1
=RoleRef!
apiGroup s 1 !
kind s 2 !R
name s 3 !R
=Subject!
apiGroup s 2
kind s 1 !R
name s 3 !R
namespace s 4
@resource/v1
=AllocatedDeviceStatus
conditions [{meta/v1.Condition} 4 ! m=type
data r 5 *
device s 3 !R
driver s 1 !R
networkData {NetworkDeviceData} 6 *
pool s 2 !R
shareID s 7 *
=AllocationResult
allocationTimestamp t 5 *
devices {DeviceAllocationResult} 1
nodeSelector {core/v1.NodeSelector} 3 *
=CELDeviceSelector
expression s 1 !R
=CapacityRequestPolicy
default q 1 *!
validRange {CapacityRequestPolicyRange} 4 *
validValues [q 3
=CapacityRequestPolicyRange
max q 2 *
min q 1 *R
step q 3 *
=CapacityRequirements
requests %q 1
=Counter
value q 1 !R
=CounterSet
counters %{Counter} 2 R
name s 1 !R
=Device
allNodes b 7 *
allowMultipleAllocations b 12 *
attributes %{DeviceAttribute} 2
bindingConditions [s 10
bindingFailureConditions [s 11
bindsToNode b 9 *
capacity %{DeviceCapacity} 3
consumesCounters [{DeviceCounterConsumption} 4
name s 1 !R
nodeAllocatableResourceMappings %{NodeAllocatableResourceMapping} 13
nodeName s 5 *
nodeSelector {core/v1.NodeSelector} 6 *
taints [{DeviceTaint} 8
=DeviceAllocationConfiguration
opaque {OpaqueDeviceConfiguration} 1 *
requests [s 2
source s:AllocationConfigSource 1 !R
=DeviceAllocationResult
config [{DeviceAllocationConfiguration} 2
results [{DeviceRequestAllocationResult} 1
=DeviceAttribute
bool b 3 *
bools [b 7
int l 2 *
ints [l 6
string s 4 *
strings [s 8
version s 5 *
versions [s 9
=DeviceCapacity
requestPolicy {CapacityRequestPolicy} 2 *
value q 1 !R
=DeviceClaim
config [{DeviceClaimConfiguration} 3
constraints [{DeviceConstraint} 2
requests [{DeviceRequest} 1 !
=DeviceClaimConfiguration
opaque {OpaqueDeviceConfiguration} 1 *
requests [s 1
=DeviceClass
apiVersion s 2
kind s 1
metadata {meta/v1.ObjectMeta} 1
spec {DeviceClassSpec} 2 !R
=DeviceClassConfiguration
opaque {OpaqueDeviceConfiguration} 1 *
=DeviceClassList
apiVersion s 2
items [{DeviceClass} 2 !R
kind s 1
metadata {meta/v1.ListMeta} 1
=DeviceClassSpec
config [{DeviceClassConfiguration} 2
extendedResourceName s 4 *
selectors [{DeviceSelector} 1
=DeviceConfiguration
opaque {OpaqueDeviceConfiguration} 1 *
=DeviceConstraint
distinctAttribute s:FullyQualifiedName 3 *
matchAttribute s:FullyQualifiedName 2 *
requests [s 1
=DeviceCounterConsumption
counterSet s 1 !R
counters %{Counter} 2 R
=DeviceRequest
exactly {ExactDeviceRequest} 2 *
firstAvailable [{DeviceSubRequest} 3
name s 1 !R
=DeviceRequestAllocationResult
adminAccess b 5 *
bindingConditions [s 7
bindingFailureConditions [s 8
consumedCapacity %q 10
device s 4 !R
driver s 2 !R
pool s 3 !R
request s 1 !R
shareID s:types.UID 9 *
tolerations [{DeviceToleration} 6
=DeviceSelector
cel {CELDeviceSelector} 1 *
=DeviceSubRequest
allocationMode s:DeviceAllocationMode 4
capacity {CapacityRequirements} 7 *
count l 5
deviceClassName s 2 !R
name s 1 !R
selectors [{DeviceSelector} 3
tolerations [{DeviceToleration} 6
=DeviceTaint
effect s:DeviceTaintEffect 3 !R
key s 1 !R
timeAdded t 4 *
value s 2
=DeviceToleration
effect s:DeviceTaintEffect 4
key s 1
operator s:DeviceTolerationOperator 2 D="Equal"
tolerationSeconds l 5 *
value s 3
=ExactDeviceRequest
adminAccess b 5 *
allocationMode s:DeviceAllocationMode 3
capacity {CapacityRequirements} 7 *
count l 4
deviceClassName s 1 !R
selectors [{DeviceSelector} 2
tolerations [{DeviceToleration} 6
=NetworkDeviceData
hardwareAddress s 3
interfaceName s 1
ips [s 2
=NodeAllocatableResourceMapping
allocationMultiplier q 2 *
capacityKey s:QualifiedName 1 *
=OpaqueDeviceConfiguration
driver s 1 !R
parameters r 2 !R
=ResourceClaim
apiVersion s 2
kind s 1
metadata {meta/v1.ObjectMeta} 1
spec {ResourceClaimSpec} 2 !R
status {ResourceClaimStatus} 3
=ResourceClaimConsumerReference
apiGroup s 1
name s 4 !R
resource s 3 !R
uid s:types.UID 5 !R
=ResourceClaimList
apiVersion s 2
items [{ResourceClaim} 2 !R
kind s 1
metadata {meta/v1.ListMeta} 1
=ResourceClaimSpec
devices {DeviceClaim} 1 !
=ResourceClaimStatus
allocation {AllocationResult} 1 *
devices [{AllocatedDeviceStatus} 4 m=driver,device,pool,shareID
reservedFor [{ResourceClaimConsumerReference} 2 p m=uid K=uid
=ResourceClaimTemplate
apiVersion s 2
kind s 1
metadata {meta/v1.ObjectMeta} 1
spec {ResourceClaimTemplateSpec} 2 !R
=ResourceClaimTemplateList
apiVersion s 2
items [{ResourceClaimTemplate} 2 !R
kind s 1
metadata {meta/v1.ListMeta} 1
=ResourceClaimTemplateSpec
metadata {meta/v1.ObjectMeta} 1
spec {ResourceClaimSpec} 2 !R
=ResourcePool
generation l 2 !R
name s 1 !R
resourceSliceCount l 3 !R
=ResourceSlice
apiVersion s 2
kind s 1
metadata {meta/v1.ObjectMeta} 1
spec {ResourceSliceSpec} 2 !R
=ResourceSliceList
apiVersion s 2
items [{ResourceSlice} 2 !R
kind s 1
metadata {meta/v1.ListMeta} 1
=ResourceSliceSpec
allNodes b 5 *
devices [{Device} 6
driver s 1 !R
nodeName s 3 *
nodeSelector {core/v1.NodeSelector} 4 *
perDeviceNodeSelection b 7 *
pool {ResourcePool} 2 !R
sharedCounters [{CounterSet} 8
@scheduling/v1
=PriorityClass
apiVersion s 2
description s 4
globalDefault b 3
kind s 1
metadata {meta/v1.ObjectMeta} 1
preemptionPolicy s:core/v1.PreemptionPolicy 5 *
value i 2 !
=PriorityClassList
apiVersion s 2
items [{PriorityClass} 2 !R
kind s 1
metadata {meta/v1.ListMeta} 1
@storage/v1
=CSIDriver
apiVersion s 2
kind s 1
metadata {meta/v1.ObjectMeta} 1
spec {CSIDriverSpec} 2 !R
=CSIDriverList
apiVersion s 2
items [{CSIDriver} 2 !R
kind s 1
metadata {meta/v1.ListMeta} 1
=CSIDriverSpec
attachRequired b 1 *
fsGroupPolicy s:FSGroupPolicy 5 *
nodeAllocatableUpdatePeriodSeconds l 9 *
podInfoOnMount b 2 *
preventPodSchedulingIfMissing b 11 *
requiresRepublish b 7 *
seLinuxMount b 8 *
serviceAccountTokenInSecrets b 10 *
storageCapacity b 4 *
tokenRequests [{TokenRequest} 6
volumeLifecycleModes [s:VolumeLifecycleMode 3 S
=CSINode
apiVersion s 2
kind s 1
metadata {meta/v1.ObjectMeta} 1
spec {CSINodeSpec} 2 !R
=CSINodeDriver
allocatable {VolumeNodeResources} 4 *
name s 1 !R
nodeID s 2 !R
topologyKeys [s 3 !
=CSINodeList
apiVersion s 2
items [{CSINode} 2 !R
kind s 1
metadata {meta/v1.ListMeta} 1
=CSINodeSpec
drivers [{CSINodeDriver} 1 !Rp m=name K=name
=CSIStorageCapacity
apiVersion s 2
capacity q 4 *
kind s 1
maximumVolumeSize q 5 *
metadata {meta/v1.ObjectMeta} 1
nodeTopology {meta/v1.LabelSelector} 2 *
storageClassName s 3 !R
=CSIStorageCapacityList
apiVersion s 2
items [{CSIStorageCapacity} 2 !R
kind s 1
metadata {meta/v1.ListMeta} 1
=StorageClass
allowVolumeExpansion b 6 *
allowedTopologies [{core/v1.TopologySelectorTerm} 8
apiVersion s 2
kind s 1
metadata {meta/v1.ObjectMeta} 1
mountOptions [s 5
parameters %s 3
provisioner s 2 !R
reclaimPolicy s:core/v1.PersistentVolumeReclaimPolicy 4 *
volumeBindingMode s:VolumeBindingMode 7 *
=StorageClassList
apiVersion s 2
items [{StorageClass} 2 !R
kind s 1
metadata {meta/v1.ListMeta} 1
=TokenRequest
audience s 1 !R
expirationSeconds l 2 *
=VolumeAttachment
apiVersion s 2
kind s 1
metadata {meta/v1.ObjectMeta} 1
spec {VolumeAttachmentSpec} 2 !R
status {VolumeAttachmentStatus} 3
=VolumeAttachmentList
apiVersion s 2
items [{VolumeAttachment} 2 !R
kind s 1
metadata {meta/v1.ListMeta} 1
=VolumeAttachmentSource
inlineVolumeSpec {core/v1.PersistentVolumeSpec} 2 *
persistentVolumeName s 1 *
=VolumeAttachmentSpec
attacher s 1 !R
nodeName s 3 !R
source {VolumeAttachmentSource} 2 !R
=VolumeAttachmentStatus
attachError {VolumeError} 3 *
attached b 1 !R
attachmentMetadata %s 2
detachError {VolumeError} 4 *
=VolumeAttributesClass
apiVersion s 2
driverName s 2 !R
kind s 1
metadata {meta/v1.ObjectMeta} 1
parameters %s 3
=VolumeAttributesClassList
apiVersion s 2
items [{VolumeAttributesClass} 2 !R
kind s 1
metadata {meta/v1.ListMeta} 1
=VolumeError
errorCode i 3 *
message s 2
time t 1
=VolumeNodeResources
count i 1 *
@enumerations
admission/v1.Operation CREATE|UPDATE|DELETE|CONNECT
admission/v1.PatchType JSONPatch
admissionregistration/v1.FailurePolicyType Ignore|Fail
admissionregistration/v1.MatchPolicyType Exact|Equivalent
admissionregistration/v1.OperationType *|CREATE|UPDATE|DELETE|CONNECT
admissionregistration/v1.ParameterNotFoundActionType Allow|Deny
admissionregistration/v1.PatchType ApplyConfiguration|JSONPatch
admissionregistration/v1.ReinvocationPolicyType Never|IfNeeded
admissionregistration/v1.ScopeType Cluster|Namespaced|*
admissionregistration/v1.SideEffectClass Unknown|None|Some|NoneOnDryRun
admissionregistration/v1.ValidationAction Deny|Warn|Audit
apidiscovery/v2.DiscoveryFreshness Current|Stale
apidiscovery/v2.ResourceScope Cluster|Namespaced
apiextensions/v1.ConditionStatus True|False|Unknown
apiextensions/v1.ConversionStrategyType None|Webhook
apiextensions/v1.FieldValueErrorReason FieldValueRequired|FieldValueDuplicate|FieldValueInvalid|FieldValueForbidden
apiextensions/v1.ResourceScope Cluster|Namespaced
apiregistration/v1.ConditionStatus True|False|Unknown
apps/v1.DaemonSetUpdateStrategyType RollingUpdate|OnDelete
apps/v1.DeploymentStrategyType Recreate|RollingUpdate
apps/v1.PersistentVolumeClaimRetentionPolicyType Retain|Delete
apps/v1.PodManagementPolicyType OrderedReady|Parallel
apps/v1.StatefulSetUpdateStrategyType RollingUpdate|OnDelete
autoscaling/v1.MetricSourceType Object|Pods|Resource|ContainerResource|External
autoscaling/v2.HPAScalingPolicyType Pods|Percent
autoscaling/v2.MetricSourceType Object|Pods|Resource|ContainerResource|External
autoscaling/v2.MetricTargetType Utilization|Value|AverageValue
autoscaling/v2.ScalingPolicySelect Max|Min|Disabled
batch/v1.CompletionMode NonIndexed|Indexed
batch/v1.ConcurrencyPolicy Allow|Forbid|Replace
batch/v1.PodFailurePolicyAction FailJob|FailIndex|Ignore|Count
batch/v1.PodFailurePolicyOnExitCodesOperator In|NotIn
batch/v1.PodReplacementPolicy TerminatingOrFailed|Failed
core/v1.AppArmorProfileType Unconfined|RuntimeDefault|Localhost
core/v1.AzureDataDiskCachingMode None|ReadOnly|ReadWrite
core/v1.AzureDataDiskKind Shared|Dedicated|Managed
core/v1.ClaimResourceStatus ControllerResizeInProgress|ControllerResizeInfeasible|NodeResizePending|NodeResizeInProgress|NodeResizeInfeasible
core/v1.ConditionStatus True|False|Unknown
core/v1.ContainerRestartPolicy Always|Never|OnFailure
core/v1.ContainerRestartRuleAction Restart|RestartAllContainers
core/v1.ContainerRestartRuleOnExitCodesOperator In|NotIn
core/v1.DNSPolicy ClusterFirstWithHostNet|ClusterFirst|Default|None
core/v1.HostPathType DirectoryOrCreate|Directory|FileOrCreate|File|Socket|CharDevice|BlockDevice
core/v1.IPFamily IPv4|IPv6
core/v1.IPFamilyPolicy SingleStack|PreferDualStack|RequireDualStack
core/v1.LimitType Pod|Container|PersistentVolumeClaim
core/v1.LoadBalancerIPMode VIP|Proxy
core/v1.MountPropagationMode None|HostToContainer|Bidirectional
core/v1.NamespacePhase Active|Terminating
core/v1.NodeInclusionPolicy Ignore|Honor
core/v1.NodeSelectorOperator In|NotIn|Exists|DoesNotExist|Gt|Lt
core/v1.OSName linux|windows
core/v1.PersistentVolumeAccessMode ReadWriteOnce|ReadOnlyMany|ReadWriteMany|ReadWriteOncePod
core/v1.PersistentVolumeClaimModifyVolumeStatus Pending|InProgress|Infeasible
core/v1.PersistentVolumeClaimPhase Pending|Bound|Lost
core/v1.PersistentVolumeMode Block|Filesystem
core/v1.PersistentVolumePhase Pending|Available|Bound|Released|Failed
core/v1.PersistentVolumeReclaimPolicy Recycle|Delete|Retain
core/v1.PodFSGroupChangePolicy OnRootMismatch|Always
core/v1.PodPhase Pending|Running|Succeeded|Failed|Unknown
core/v1.PodQOSClass Guaranteed|Burstable|BestEffort
core/v1.PodSELinuxChangePolicy Recursive|MountOption
core/v1.PreemptionPolicy PreemptLowerPriority|Never
core/v1.ProcMountType Default|Unmasked
core/v1.Protocol TCP|UDP|SCTP
core/v1.PullPolicy Always|Never|IfNotPresent
core/v1.RecursiveReadOnlyMode Disabled|IfPossible|Enabled
core/v1.ResourceHealthStatus Healthy|Unhealthy|Unknown
core/v1.ResourceQuotaScope Terminating|NotTerminating|BestEffort|NotBestEffort|PriorityClass|CrossNamespacePodAffinity|VolumeAttributesClass
core/v1.ResourceResizeRestartPolicy NotRequired|RestartContainer
core/v1.RestartPolicy Always|OnFailure|Never
core/v1.ScopeSelectorOperator In|NotIn|Exists|DoesNotExist
core/v1.SeccompProfileType Unconfined|RuntimeDefault|Localhost
core/v1.ServiceAffinity ClientIP|None
core/v1.ServiceExternalTrafficPolicy Cluster|Local
core/v1.ServiceInternalTrafficPolicy Cluster|Local
core/v1.ServiceType ClusterIP|NodePort|LoadBalancer|ExternalName
core/v1.Signal SIGABRT|SIGALRM|SIGBUS|SIGCHLD|SIGCLD|SIGCONT|SIGFPE|SIGHUP|SIGILL|SIGINT|SIGIO|SIGIOT|SIGKILL|SIGPIPE|SIGPOLL|SIGPROF|SIGPWR|SIGQUIT|SIGSEGV|SIGSTKFLT|SIGSTOP|SIGSYS|SIGTERM|SIGTRAP|SIGTSTP|SIGTTIN|SIGTTOU|SIGURG|SIGUSR1|SIGUSR2|SIGVTALRM|SIGWINCH|SIGXCPU|SIGXFSZ|SIGRTMIN|SIGRTMIN+1|SIGRTMIN+2|SIGRTMIN+3|SIGRTMIN+4|SIGRTMIN+5|SIGRTMIN+6|SIGRTMIN+7|SIGRTMIN+8|SIGRTMIN+9|SIGRTMIN+10|SIGRTMIN+11|SIGRTMIN+12|SIGRTMIN+13|SIGRTMIN+14|SIGRTMIN+15|SIGRTMAX-14|SIGRTMAX-13|SIGRTMAX-12|SIGRTMAX-11|SIGRTMAX-10|SIGRTMAX-9|SIGRTMAX-8|SIGRTMAX-7|SIGRTMAX-6|SIGRTMAX-5|SIGRTMAX-4|SIGRTMAX-3|SIGRTMAX-2|SIGRTMAX-1|SIGRTMAX
core/v1.SupplementalGroupsPolicy Merge|Strict
core/v1.TaintEffect NoSchedule|PreferNoSchedule|NoExecute
core/v1.TerminationMessagePolicy File|FallbackToLogsOnError
core/v1.TolerationOperator Exists|Equal|Lt|Gt
core/v1.URIScheme HTTP|HTTPS
core/v1.UnsatisfiableConstraintAction DoNotSchedule|ScheduleAnyway
discovery/v1.AddressType IPv4|IPv6|FQDN
flowcontrol/v1.ConditionStatus True|False|Unknown
flowcontrol/v1.FlowDistinguisherMethodType ByUser|ByNamespace
flowcontrol/v1.LimitResponseType Queue|Reject
flowcontrol/v1.PriorityLevelEnablement Exempt|Limited
meta/v1.ConditionStatus True|False|Unknown
meta/v1.DeletionPropagation Orphan|Background|Foreground
meta/v1.FieldSelectorOperator In|NotIn|Exists|DoesNotExist
meta/v1.IncludeObjectPolicy None|Metadata|Object
meta/v1.LabelSelectorOperator In|NotIn|Exists|DoesNotExist
meta/v1.ManagedFieldsOperationType Apply|Update
meta/v1.ResourceVersionMatch NotOlderThan|Exact
networking/v1.PathType Exact|Prefix|ImplementationSpecific
networking/v1.PolicyType Ingress|Egress
policy/v1.UnhealthyPodEvictionPolicyType IfHealthyBudget|AlwaysAllow
resource/v1.AllocationConfigSource FromClass|FromClaim
resource/v1.DeviceAllocationMode ExactCount|All
resource/v1.DeviceTolerationOperator Exists|Equal
storage/v1.FSGroupPolicy ReadWriteOnceWithFSType|File|None
storage/v1.VolumeBindingMode Immediate|WaitForFirstConsumer
storage/v1.VolumeLifecycleMode Persistent|Ephemeral
@resources
- v1 bindings Binding N - - create
- v1 componentstatuses ComponentStatus C cs - get,list
- v1 configmaps ConfigMap N cm - *
- v1 endpoints Endpoints N ep - *
- v1 events Event N ev - *
- v1 limitranges LimitRange N limits - *
- v1 namespaces Namespace C ns - create,delete,get,list,patch,update,watch
/finalize Namespace update
/status Namespace get,patch,update
- v1 nodes Node C no - *
/proxy NodeProxyOptions create,delete,get,patch,update
/status Node get,patch,update
- v1 persistentvolumeclaims PersistentVolumeClaim N pvc - *
/status PersistentVolumeClaim get,patch,update
- v1 persistentvolumes PersistentVolume C pv - *
/status PersistentVolume get,patch,update
- v1 pods Pod N po all *
/attach PodAttachOptions create,get
/binding Binding create
/ephemeralcontainers Pod get,patch,update
/eviction policy/v1.Eviction create
/exec PodExecOptions create,get
/log Pod get
/portforward PodPortForwardOptions create,get
/proxy PodProxyOptions create,delete,get,patch,update
/resize Pod get,patch,update
/status Pod get,patch,update
- v1 podtemplates PodTemplate N - - *
- v1 replicationcontrollers ReplicationController N rc all *
/scale autoscaling/v1.Scale get,patch,update
/status ReplicationController get,patch,update
- v1 resourcequotas ResourceQuota N quota - *
/status ResourceQuota get,patch,update
- v1 secrets Secret N - - *
- v1 serviceaccounts ServiceAccount N sa - *
/token authentication.k8s.io/v1.TokenRequest create
- v1 services Service N svc all *
/proxy ServiceProxyOptions create,delete,get,patch,update
/status Service get,patch,update
apiregistration.k8s.io v1 apiservices APIService C - api-extensions *
/status APIService get,patch,update
apps v1 controllerrevisions ControllerRevision N - - *
apps v1 daemonsets DaemonSet N ds all *
/status DaemonSet get,patch,update
apps v1 deployments Deployment N deploy all *
/scale autoscaling/v1.Scale get,patch,update
/status Deployment get,patch,update
apps v1 replicasets ReplicaSet N rs all *
/scale autoscaling/v1.Scale get,patch,update
/status ReplicaSet get,patch,update
apps v1 statefulsets StatefulSet N sts all *
/scale autoscaling/v1.Scale get,patch,update
/status StatefulSet get,patch,update
events.k8s.io v1 events Event N ev - *
authentication.k8s.io v1 selfsubjectreviews SelfSubjectReview C - - create
authentication.k8s.io v1 tokenreviews TokenReview C - - create
authorization.k8s.io v1 localsubjectaccessreviews LocalSubjectAccessReview N - - create
authorization.k8s.io v1 selfsubjectaccessreviews SelfSubjectAccessReview C - - create
authorization.k8s.io v1 selfsubjectrulesreviews SelfSubjectRulesReview C - - create
authorization.k8s.io v1 subjectaccessreviews SubjectAccessReview C - - create
autoscaling v2 horizontalpodautoscalers HorizontalPodAutoscaler N hpa all *
/status HorizontalPodAutoscaler get,patch,update
autoscaling v1 horizontalpodautoscalers HorizontalPodAutoscaler N hpa all *
/status HorizontalPodAutoscaler get,patch,update
batch v1 cronjobs CronJob N cj all *
/status CronJob get,patch,update
batch v1 jobs Job N - all *
/status Job get,patch,update
certificates.k8s.io v1 certificatesigningrequests CertificateSigningRequest C csr - *
/approval CertificateSigningRequest get,patch,update
/status CertificateSigningRequest get,patch,update
networking.k8s.io v1 ingressclasses IngressClass C - - *
networking.k8s.io v1 ingresses Ingress N ing - *
/status Ingress get,patch,update
networking.k8s.io v1 ipaddresses IPAddress C ip - *
networking.k8s.io v1 networkpolicies NetworkPolicy N netpol - *
networking.k8s.io v1 servicecidrs ServiceCIDR C - - *
/status ServiceCIDR get,patch,update
policy v1 poddisruptionbudgets PodDisruptionBudget N pdb - *
/status PodDisruptionBudget get,patch,update
rbac.authorization.k8s.io v1 clusterrolebindings ClusterRoleBinding C - - *
rbac.authorization.k8s.io v1 clusterroles ClusterRole C - - *
rbac.authorization.k8s.io v1 rolebindings RoleBinding N - - *
rbac.authorization.k8s.io v1 roles Role N - - *
storage.k8s.io v1 csidrivers CSIDriver C - - *
storage.k8s.io v1 csinodes CSINode C - - *
storage.k8s.io v1 csistoragecapacities CSIStorageCapacity N - - *
storage.k8s.io v1 storageclasses StorageClass C sc - *
storage.k8s.io v1 volumeattachments VolumeAttachment C - - *
/status VolumeAttachment get,patch,update
storage.k8s.io v1 volumeattributesclasses VolumeAttributesClass C vac - *
admissionregistration.k8s.io v1 mutatingadmissionpolicies MutatingAdmissionPolicy C - api-extensions *
admissionregistration.k8s.io v1 mutatingadmissionpolicybindings MutatingAdmissionPolicyBinding C - api-extensions *
admissionregistration.k8s.io v1 mutatingwebhookconfigurations MutatingWebhookConfiguration C - api-extensions *
admissionregistration.k8s.io v1 validatingadmissionpolicies ValidatingAdmissionPolicy C - api-extensions *
/status ValidatingAdmissionPolicy get,patch,update
admissionregistration.k8s.io v1 validatingadmissionpolicybindings ValidatingAdmissionPolicyBinding C - api-extensions *
admissionregistration.k8s.io v1 validatingwebhookconfigurations ValidatingWebhookConfiguration C - api-extensions *
apiextensions.k8s.io v1 customresourcedefinitions CustomResourceDefinition C crd,crds api-extensions *
/status CustomResourceDefinition get,patch,update
scheduling.k8s.io v1 priorityclasses PriorityClass C pc - *
coordination.k8s.io v1 leases Lease N - - *
node.k8s.io v1 runtimeclasses RuntimeClass C - - *
discovery.k8s.io v1 endpointslices EndpointSlice N - - *
resource.k8s.io v1 deviceclasses DeviceClass C - - *
resource.k8s.io v1 resourceclaims ResourceClaim N - - *
/status ResourceClaim get,patch,update
resource.k8s.io v1 resourceclaimtemplates ResourceClaimTemplate N - - *
resource.k8s.io v1 resourceslices ResourceSlice C - - *
flowcontrol.apiserver.k8s.io v1 flowschemas FlowSchema C - - *
/status FlowSchema get,patch,update
flowcontrol.apiserver.k8s.io v1 prioritylevelconfigurations PriorityLevelConfiguration C - - *
/status PriorityLevelConfiguration get,patch,update
"""#
}
