{{- define "pod" -}}
terminationGracePeriodSeconds: 0
automountServiceAccountToken: false
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  seccompProfile:
    type: RuntimeDefault
{{- end }}

{{- define "container" -}}
name: web
image: {{ .Values.image | quote }}
securityContext:
  allowPrivilegeEscalation: false
  capabilities:
    drop: [ALL]
{{- end }}
