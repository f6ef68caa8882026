{{/* At most 58 characters, so that `-test` fits behind it. A release's name has at most 53, so none is cut off. */}}
{{- define "waybill.fullname" -}}
{{- $name := .Release.Name }}
{{- if not (contains .Chart.Name $name) }}{{ $name = printf "%s-%s" $name .Chart.Name }}{{ end }}
{{- $name = .Values.fullnameOverride | default $name | trunc 58 | trimSuffix "-" }}
{{- if not (regexMatch "^[a-z]" $name) }}
{{- fail (printf "A Service's name begins with a letter, and %q does not: set fullnameOverride." $name) }}
{{- end }}
{{- $name }}
{{- end }}

{{/* The one reference to the image. */}}
{{- define "waybill.image" -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- end }}
