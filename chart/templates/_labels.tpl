{{/* What never changes: the pods carry these alone, so that a new chart version restarts nothing by itself. */}}
{{- define "waybill.selectorLabels" -}}
app.kubernetes.io/name: waybill
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/component: ledger
{{- end }}

{{/* On every object. Flux may add `+<digest>` to the chart's version; a label takes no `+`. */}}
{{- define "waybill.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimAll "-_." }}
app.kubernetes.io/version: {{ .Chart.AppVersion | replace "+" "_" | trunc 63 | trimAll "-_." | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/name: waybill
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{/* The pod of `helm test`: let in by the NetworkPolicy, and not behind the Service. */}}
{{- define "waybill.testLabels" -}}
app.kubernetes.io/name: waybill
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/component: test
{{- end }}

{{/* The observer's pods: let in by the ledger's NetworkPolicy. */}}
{{- define "waybill.observer.labels" -}}
app.kubernetes.io/name: waybill
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/component: observer
{{- end }}
