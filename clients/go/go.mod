module resumes.example/resumes

go 1.24
