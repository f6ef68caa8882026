{{/* What the ledger and its migration share: settings and mounts. */}}
{{- define "waybill.container" -}}
{{ include "waybill.program" . }}
envFrom:
  - configMapRef:
      name: {{ include "waybill.fullname" . | quote }}
volumeMounts:
  - name: tmp
    mountPath: /tmp
  {{- if eq .Values.database.engine "sqlite" }}
  - name: data
    mountPath: /var/lib/waybill
  {{- else }}
  - name: database
    mountPath: /etc/waybill/database
    readOnly: true
  {{- end }}
  {{- if .Values.flux.keysSecretName }}
  - name: flux
    mountPath: /etc/waybill/flux
    readOnly: true
  {{- end }}
  {{- if .Values.tokens.secretName }}
  - name: tokens
    mountPath: /etc/waybill/tokens
    readOnly: true
  {{- end }}
{{- end }}

{{/* Secrets are mounted as whole folders: the kubelet then renews the files when the Secret changes. */}}
{{- define "waybill.volumes" -}}
- name: tmp
  emptyDir:
    sizeLimit: 64Mi
{{- if eq .Values.database.engine "sqlite" }}
- name: data
  persistentVolumeClaim:
    claimName: {{ .Values.database.sqlite.existingClaim | default (include "waybill.fullname" .) | quote }}
{{- else }}
- name: database
  secret:
    secretName: {{ .Values.database.postgresql.secretName | quote }}
    defaultMode: 0440
    items:
      - key: {{ .Values.database.postgresql.secretKey | quote }}
        path: url
{{- end }}
{{- if .Values.flux.keysSecretName }}
- name: flux
  secret:
    secretName: {{ .Values.flux.keysSecretName | quote }}
    defaultMode: 0440
    items:
      - key: {{ .Values.flux.keysSecretKey | quote }}
        path: keys.json
{{- end }}
{{- if .Values.tokens.secretName }}
- name: tokens
  secret:
    secretName: {{ .Values.tokens.secretName | quote }}
    defaultMode: 0440
    items:
      - key: {{ .Values.tokens.secretKey | quote }}
        path: tokens.json
{{- end }}
{{- end }}

{{/* The settings as environment variables. The Deployment hashes them, so that a change restarts the pods. */}}
{{- define "waybill.settings" -}}
HOST: {{ .Values.listen | quote }}
PORT: "8080"
READS: {{ .Values.reads }}
ROOT_PATH: {{ .Values.rootPath | quote }}
EVENT_QUOTA: {{ .Values.eventQuota | quote }}
{{- /* Until the kubelet saw twice that a stopping pod is not ready, and every node took it out of the Service. */}}
DRAIN_SECONDS: "8"
{{- if eq .Values.database.engine "sqlite" }}
DATABASE_URL: sqlite:////var/lib/waybill/ledger.db
{{- else }}
DATABASE_URL_FILE: /etc/waybill/database/url
DATABASE_POOLER: {{ .Values.database.postgresql.pooler }}
{{- end }}
{{- if .Values.flux.keysSecretName }}
FLUX_KEYS_FILE: /etc/waybill/flux/keys.json
{{- end }}
{{- if .Values.tokens.secretName }}
TOKENS_FILE: /etc/waybill/tokens/tokens.json
{{- end }}
{{- end }}
