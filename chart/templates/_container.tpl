{{/* What the ledger and its migration share: settings and mounts. */}}
{{- define "waybill.container" -}}
{{ include "waybill.program" . }}
envFrom:
  - configMapRef:
      name: {{ include "waybill.fullname" . | quote }}
{{- with .Values.extraEnv }}
env:
  {{- toYaml . | nindent 2 }}
{{- end }}
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
  {{- if include "waybill.privateCA" . }}
  - name: ca
    mountPath: /etc/waybill/ca
    readOnly: true
  {{- end }}
  {{- with .Values.extraVolumeMounts }}
  {{- toYaml . | nindent 2 }}
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
{{- if include "waybill.privateCA" . }}
- name: ca
  secret:
    secretName: {{ .Values.database.postgresql.caSecretName | quote }}
    defaultMode: 0440
    items:
      - key: {{ .Values.database.postgresql.caSecretKey | quote }}
        path: ca.crt
{{- end }}
{{- with .Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* The settings as environment variables. The Deployment hashes them, so that a change restarts the pods. */}}
{{- define "waybill.settings" -}}
HOST: {{ .Values.listen | quote }}
PORT: "8080"
READS: {{ .Values.reads }}
ROOT_PATH: {{ .Values.rootPath | quote }}
EVENT_QUOTA: {{ .Values.eventQuota | quote }}
ENVIRONMENTS: {{ .Values.environments | join ", " | quote }}
SILENT_AFTER: {{ int .Values.silentAfter | quote }}
LOG_LEVEL: {{ .Values.logLevel }}
DRAIN_SECONDS: {{ include "waybill.drain" . | quote }}
{{- if eq .Values.database.engine "sqlite" }}
DATABASE_URL: sqlite:////var/lib/waybill/ledger.db
{{- else }}
DATABASE_URL_FILE: /etc/waybill/database/url
DATABASE_POOLER: {{ .Values.database.postgresql.pooler }}
{{- end }}
{{- if include "waybill.privateCA" . }}
PGSSLMODE: verify-full
PGSSLROOTCERT: /etc/waybill/ca/ca.crt
{{- end }}
{{- if .Values.flux.keysSecretName }}
FLUX_KEYS_FILE: /etc/waybill/flux/keys.json
{{- end }}
{{- if .Values.tokens.secretName }}
TOKENS_FILE: /etc/waybill/tokens/tokens.json
{{- end }}
{{- end }}

{{/* For how long a stopping pod still answers: until the kubelet saw as often as `probes.readiness` says that it is not ready,
and every node took it out of the Service, within 4 s more. */}}
{{- define "waybill.drain" -}}
{{ with .Values.probes.readiness }}{{ add (mul .periodSeconds .failureThreshold) 4 }}{{ end }}
{{- end }}

{{/* Whether PostgreSQL's certificate is checked with a CA of the user's. */}}
{{- define "waybill.privateCA" -}}
{{- if and (eq .Values.database.engine "postgresql") .Values.database.postgresql.caSecretName }}true{{ end }}
{{- end }}
