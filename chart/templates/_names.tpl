{{/* Of the application: in labels, and in names that do not hold it. */}}
{{- define "waybill.name" -}}
{{ .Values.nameOverride | default .Chart.Name }}
{{- end }}

{{/* At most 58 characters, so that `-test` fits behind it. A release's name has at most 53, so none is cut off. */}}
{{- define "waybill.fullname" -}}
{{- $name := .Release.Name }}
{{- if not (contains (include "waybill.name" .) $name) }}{{ $name = printf "%s-%s" $name (include "waybill.name" .) }}{{ end }}
{{- $name = .Values.fullnameOverride | default $name | trunc 58 | trimSuffix "-" }}
{{- if not (regexMatch "^[a-z]" $name) }}
{{- fail (printf "A Service's name begins with a letter, and %q does not: set fullnameOverride." $name) }}
{{- end }}
{{- $name }}
{{- end }}

{{/* Whom the ledger's pods run as. It may do nothing: clouds know pods by it. */}}
{{- define "waybill.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}{{ .Values.serviceAccount.name | default (include "waybill.fullname" .) }}
{{- else }}{{ .Values.serviceAccount.name | default "default" }}
{{- end }}
{{- end }}

{{/* Whether there is more than one pod. */}}
{{- define "waybill.several" -}}
{{- if .Values.autoscaling.enabled }}{{ if gt (int .Values.autoscaling.minReplicas) 1 }}true{{ end }}
{{- else if gt (int .Values.replicas) 1 }}true{{ end }}
{{- end }}

{{/* A CronJob's name has at most 52 characters: its Jobs add eleven. */}}
{{- define "waybill.observer.fullname" -}}
{{ include "waybill.fullname" . | trunc 43 | trimSuffix "-" }}-observer
{{- end }}

{{/* Of its Role in each namespace that it reads: another release, elsewhere, may read the same. */}}
{{- define "waybill.observer.role" -}}
{{ .Release.Namespace }}-{{ include "waybill.observer.fullname" . }}
{{- end }}

{{/* Where the observer reports to: the ledger of this release, or the one that is named. */}}
{{- define "waybill.observer.ledger" -}}
{{ .Values.observer.ledgerUrl | default (printf "http://%s.%s:%d" (include "waybill.fullname" .) .Release.Namespace (int .Values.service.port)) }}
{{- end }}

{{/* The namespaces that it reads, as JSON. */}}
{{- define "waybill.observer.namespaces" -}}
{{ .Values.observer.namespaces | default (list .Release.Namespace) | toJson }}
{{- end }}
