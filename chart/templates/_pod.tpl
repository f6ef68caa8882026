{{/* What every pod of the chart has, Pod Security "restricted" among it. */}}
{{- define "waybill.pod" -}}
# The environment holds the settings, not the addresses of every Service in the namespace.
enableServiceLinks: false
{{- $secrets := list }}
{{- range .Values.imagePullSecrets }}
{{- if kindIs "string" . }}{{ $secrets = append $secrets . }}{{ else }}{{ $secrets = append $secrets .name }}{{ end }}
{{- end }}
{{- with uniq $secrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . | quote }}
  {{- end }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . | quote }}
{{- end }}
securityContext:
  runAsNonRoot: true
  {{- with int64 .Values.user }}
  runAsUser: {{ . }}
  runAsGroup: {{ . }}
  fsGroup: {{ . }}
  fsGroupChangePolicy: OnRootMismatch
  {{- end }}
  seccompProfile:
    type: RuntimeDefault
  {{- with .Values.podSecurityContext }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* What every container has: the one image, nothing that it may do, what it may use. */}}
{{- define "waybill.program" -}}
image: {{ include "waybill.repository" . }}@{{ .Values.image.digest }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  {{- include "waybill.securityContext" . | nindent 2 }}
{{- with .Values.resources }}
resources:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* With `image.registry` in place of the host that the repository names. */}}
{{- define "waybill.repository" -}}
{{- $repository := .Values.image.repository }}
{{- with .Values.image.registry }}{{ $repository = printf "%s/%s" . (regexReplaceAll "^([^/]*[.:][^/]*|localhost)/" $repository "") }}{{ end }}
{{- $repository }}
{{- end }}

{{- define "waybill.securityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{/* (the root, containers of a value): what they do not say of their security is as the chart's own containers have it. */}}
{{- define "waybill.extraContainers" -}}
{{- $root := index . 0 }}
{{- range index . 1 }}
{{- $security := include "waybill.securityContext" $root | fromYaml }}
{{- range $key, $value := .securityContext }}{{ $_ := set $security $key $value }}{{ end }}
- {{- set (deepCopy .) "securityContext" $security | toYaml | nindent 2 }}
{{- end }}
{{- end }}
