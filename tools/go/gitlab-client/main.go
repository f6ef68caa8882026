// gitlab-client does with GitLab's own client what Waybill does with a merge request, in a project of the GitLab at an
// address, and prints what the client read of each answer, as a line of JSON: gitlab-client ADDRESS PROJECT TOKEN.
package main

import (
	"encoding/json"
	"log"
	"os"

	gitlab "gitlab.com/gitlab-org/api/client-go/v2"
)

func main() {
	log.SetFlags(0)
	address, project, token := os.Args[1], os.Args[2], os.Args[3]
	client, err := gitlab.NewClient(token, gitlab.WithBaseURL(address))
	if err != nil {
		log.Fatal(err)
	}
	requests := client.MergeRequests

	show(client.Projects.GetProject(project, nil))
	own, _, err := client.PersonalAccessTokens.GetSinglePersonalAccessToken()
	show(own, nil, err)
	show(client.ProjectMembers.GetInheritedProjectMember(project, own.UserID))
	for _, page := range []int64{1, 2} {
		show(client.ProtectedBranches.ListProtectedBranches(project, &gitlab.ListProtectedBranchesOptions{
			ListOptions: gitlab.ListOptions{Page: page, PerPage: 100},
		}))
	}
	show(client.Branches.GetBranch(project, "apps/orders"))

	show(requests.CreateMergeRequest(project, &gitlab.CreateMergeRequestOptions{
		SourceBranch: gitlab.Ptr("apps/orders"), TargetBranch: gitlab.Ptr("main"),
		Title: gitlab.Ptr("orders 1.0.0"), Description: gitlab.Ptr("The body."),
	}))
	for _, state := range []string{"opened", "all"} {
		show(requests.ListProjectMergeRequests(project, &gitlab.ListProjectMergeRequestsOptions{
			SourceBranch: gitlab.Ptr("apps/orders"), TargetBranch: gitlab.Ptr("main"), State: gitlab.Ptr(state),
			OrderBy: gitlab.Ptr("created_at"), Sort: gitlab.Ptr("desc"),
			ListOptions: gitlab.ListOptions{Page: 1, PerPage: 100},
		}))
	}
	request, _, err := requests.GetMergeRequest(project, 1, nil)
	show(request, nil, err)
	show(requests.UpdateMergeRequest(project, 1, &gitlab.UpdateMergeRequestOptions{
		Title: gitlab.Ptr("orders 1.1.0"), Description: gitlab.Ptr("Another."),
	}))
	show(client.Users.ListUsers(&gitlab.ListUsersOptions{Username: gitlab.Ptr("bob")}))
	for _, page := range []int64{1, 2} {
		show(client.Groups.ListGroupMembers("acme/platform", &gitlab.ListGroupMembersOptions{
			ListOptions: gitlab.ListOptions{Page: page},
		}))
	}
	show(requests.UpdateMergeRequest(project, 1, &gitlab.UpdateMergeRequestOptions{
		AddLabels: &gitlab.LabelOptions{"release", "urgent"}, ReviewerIDs: &[]int64{51, 52, 53},
	}))
	show(client.Notes.CreateMergeRequestNote(project, 1, &gitlab.CreateMergeRequestNoteOptions{Body: gitlab.Ptr("Look.")}))
	show(requests.AcceptMergeRequest(project, 1, &gitlab.AcceptMergeRequestOptions{
		SHA: &request.SHA, AutoMerge: gitlab.Ptr(true), MergeWhenPipelineSucceeds: gitlab.Ptr(true),
	}))
	show(requests.CancelMergeWhenPipelineSucceeds(project, 1))
}

func show[T any](read T, _ *gitlab.Response, err error) {
	if err != nil {
		log.Fatal(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(read); err != nil {
		log.Fatal(err)
	}
}
