{{/* Labels of everything in the release. */}}
{{- define "forestall.labels" -}}
app.kubernetes.io/name: forestall
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: forestall
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{/* Labels that find the operator's Pod. They never change. */}}
{{- define "forestall.selector" -}}
app.kubernetes.io/name: forestall
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* The image of the operator and of the actions, by digest. */}}
{{- define "forestall.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}@{{ .Values.image.digest }}
{{- end }}

{{/* The operator's name, as the API server knows it. */}}
{{- define "forestall.operator" -}}
system:serviceaccount:{{ .Release.Namespace }}:forestall
{{- end }}

{{/* The account of scans, as the API server knows it. */}}
{{- define "forestall.scan" -}}
system:serviceaccount:{{ .Values.actions.namespace }}:forestall-scan
{{- end }}

{{/* The account of one action and its rights where workloads may be remediated: (list root name). */}}
{{- define "forestall.action" -}}
{{- $root := index . 0 -}}
{{- $account := printf "forestall-action-%s" (index . 1) -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ $account }}
  namespace: {{ $root.Values.actions.namespace }}
  labels:
    {{- include "forestall.labels" $root | nindent 4 }}
{{- range $root.Values.namespaces }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: {{ $account }}
  namespace: {{ . }}
  labels:
    {{- include "forestall.labels" $root | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: {{ $account }}
subjects:
  - kind: ServiceAccount
    name: {{ $account }}
    namespace: {{ $root.Values.actions.namespace }}
{{- end }}
{{- end }}

{{/* The same for an action on nodes, which stand in no namespace: (list root name). */}}
{{- define "forestall.nodeAction" -}}
{{- $root := index . 0 -}}
{{- $account := printf "forestall-action-%s" (index . 1) -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ $account }}
  namespace: {{ $root.Values.actions.namespace }}
  labels:
    {{- include "forestall.labels" $root | nindent 4 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: {{ $account }}
  labels:
    {{- include "forestall.labels" $root | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: {{ $account }}
subjects:
  - kind: ServiceAccount
    name: {{ $account }}
    namespace: {{ $root.Values.actions.namespace }}
{{- end }}

{{/* Whether any action on nodes is enabled; empty: none is. */}}
{{- define "forestall.actsOnNodes" -}}
{{- range $name := list "cordon" "uncordon" "drain" "remove-taint" -}}
{{- if (index $.Values.actions $name).enabled -}}true{{- end -}}
{{- end -}}
{{- end }}

{{/* The admission policies: each in a file of its name. */}}
{{- define "forestall.policies" -}}
["approval", "approval-objects", "pauses", "status", "findings", "retention", "preview-only", "action-jobs", "action-pods", "scans"]
{{- end }}

{{/* How a policy is bound, by its name: everywhere, and refusals refuse. */}}
{{- define "forestall.binding" -}}
policyName: forestall-{{ . }}
validationActions: [Deny, Audit]
{{- end }}

{{/* Every kind of ours. */}}
{{- define "forestall.kinds" -}}
[networktwins, inspectionpolicies, findings, runbooks, remediationplans, remediationapprovals, remediationpauses]
{{- end }}
