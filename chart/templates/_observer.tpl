{{/* The pod of the observer, but for how long it runs. */}}
{{- define "waybill.observer.pod" -}}
serviceAccountName: {{ include "waybill.observer.fullname" . | quote }}
# The only pod that asks Kubernetes; it may read HelmReleases, pods and their owners, and nothing else.
automountServiceAccountToken: true
{{ include "waybill.pod" . }}
volumes:
  - name: flux
    secret:
      secretName: {{ .Values.observer.keySecretName | quote }}
      defaultMode: 0440
      items:
        - key: {{ .Values.observer.keySecretKey | quote }}
          path: key
  {{- if .Values.observer.caSecretName }}
  - name: ca
    secret:
      secretName: {{ .Values.observer.caSecretName | quote }}
      defaultMode: 0440
      items:
        - key: {{ .Values.observer.caSecretKey | quote }}
          path: ca.crt
  {{- end }}
{{- end }}

{{- define "waybill.observer.container" -}}
name: observer
{{ include "waybill.program" . }}
env:
  - name: LEDGER_URL
    value: {{ include "waybill.observer.ledger" . | quote }}
  - name: ENVIRONMENT
    value: {{ .Values.observer.environment | quote }}
  - name: FLUX_KEY_FILE
    value: /etc/waybill/flux/key
  - name: NAMESPACES
    value: {{ include "waybill.observer.namespaces" . | fromJsonArray | join "," | quote }}
  - name: ROUND_SECONDS
    value: {{ include "waybill.observer.round" . | quote }}
  {{- with .Values.observer.cluster }}
  - name: CLUSTER
    value: {{ . | quote }}
  {{- end }}
  {{- if .Values.observer.caSecretName }}
  - name: SSL_CERT_FILE
    value: /etc/waybill/ca/ca.crt
  {{- end }}
  {{- with .Values.observer.extraEnv }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
volumeMounts:
  - name: flux
    mountPath: /etc/waybill/flux
    readOnly: true
  {{- if .Values.observer.caSecretName }}
  - name: ca
    mountPath: /etc/waybill/ca
    readOnly: true
  {{- end }}
{{- end }}

{{/* How often it reads all. Schedules of another form have no length of a round, and silence is not judged then: 0. */}}
{{- define "waybill.observer.round" -}}
{{- if eq .Values.observer.kind "Deployment" }}{{ int .Values.observer.roundSeconds }}
{{- else }}{{ regexFind "^\\*/[0-9]+ \\* \\* \\* \\*$" .Values.observer.schedule | regexFind "[0-9]+" | int | mul 60 }}
{{- end }}
{{- end }}
