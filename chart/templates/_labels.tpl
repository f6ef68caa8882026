{{/* What never changes: the pods carry these alone, so that a new chart version restarts nothing by itself. */}}
{{- define "waybill.selectorLabels" -}}
app.kubernetes.io/name: {{ include "waybill.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/component: ledger
{{- end }}

{{/* On every object. Flux may add `+<digest>` to the chart's version; a label takes no `+`. */}}
{{- define "waybill.labels" -}}
{{ include "waybill.labelsWith" (list . dict) }}
{{- end }}

{{/* (the root, labels of a value): the same with these. */}}
{{- define "waybill.labelsWith" -}}
{{- $root := index . 0 -}}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" | trunc 63 | trimAll "-_." }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | replace "+" "_" | trunc 63 | trimAll "-_." | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
app.kubernetes.io/name: {{ include "waybill.name" $root | quote }}
app.kubernetes.io/instance: {{ $root.Release.Name | quote }}
{{- include "waybill.moreLabels" . }}
{{- end }}

{{/* (the root, labels of a value): these and commonLabels, each key once. */}}
{{- define "waybill.moreLabels" -}}
{{- with merge (dict) (index . 1) (index . 0).Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* (the root, the name of what a selector finds, labels of a value): the labels of a pod. */}}
{{- define "waybill.podLabels" -}}
{{ include (index . 1) (index . 0) }}
{{- include "waybill.moreLabels" (list (index . 0) (index . 2)) }}
{{- end }}

{{/* The pod of `helm test`: let in by the NetworkPolicy, and not behind the Service. */}}
{{- define "waybill.testLabels" -}}
app.kubernetes.io/name: {{ include "waybill.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/component: test
{{- end }}

{{/* The observer's pods: let in by the ledger's NetworkPolicy. */}}
{{- define "waybill.observer.labels" -}}
app.kubernetes.io/name: {{ include "waybill.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/component: observer
{{- end }}
